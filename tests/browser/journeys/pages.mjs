// Every page of every audience, found in the table of routes: axe, one h1, reflow, weight. A page that nobody links to fails.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inspect, PHONE, scales } from '../lib/browser.mjs';
import { check, signIn } from '../lib/check.mjs';
import { root } from '../lib/platform.mjs';

const TOWN = 'chipaque-cundinamarca';
const LIMIT = 50_000;
const NO_LINK = `/restablecer/${'0'.repeat(64)}`;
const signedIn = (address) => /^\/(admin|mesa|correo|indicadores|base-de-conocimiento)(\/|$)/.test(address);

/** The addresses of an audience, from the table that serves them. */
function routes(audience) {
  const table = readFileSync(path.join(root, 'services/web/src/routes.rs'), 'utf8');
  const found = [...table.matchAll(/page\(\s*"([^"]+)",\s*(\w+),/g)].filter(([, , of]) => of === 'ALL' || of === audience).map(([, address]) => address);
  check(found.length > 4, `routes.rs has no pages of ${audience} that this journey can read`);
  return [...new Set(found)];
}

/** Walks the pages of one person; params are filled from the links that were seen. */
class Walk {
  constructor(people, origin, name) {
    Object.assign(this, { people, origin, name, seen: new Set(), walked: 0, heaviest: [0, ''] });
  }

  async enter(account) {
    this.page = await this.people.open();
    if (account) await signIn(this.page, this.origin, account);
    this.scales = await scales(this.page);
    this.role = account?.role ?? 'public';
    return this;
  }

  async visit(address, status = 200) {
    const { answer, bytes } = await this.scales.weigh(() => this.page.goto(this.origin + address, { waitUntil: 'load' }));
    this.walked++;
    const { faults } = this.people;
    const landed = new URL(this.page.url());
    if (answer.status() !== status) return void faults.push(`${this.role} ${address}: ${answer.status()} instead of ${status}`);
    if (landed.pathname !== address.split('?')[0]) return void faults.push(`${this.role} ${address} leads to ${landed.pathname}`);
    if (bytes > LIMIT) faults.push(`${address}: ${(bytes / 1000).toFixed(1)} KB over the wire`);
    if (bytes > this.heaviest[0]) this.heaviest = [bytes, address];
    for (const link of await this.page.locator('a[href^="/"]').evaluateAll((all) => all.map((one) => one.getAttribute('href').split(/[?#]/)[0]))) this.seen.add(link);
    faults.push(...(await inspect(this.page, `${this.name}-${this.role}-${address.slice(1, 60) || 'home'}`)).map((fault) => `${this.role} ${fault}`));
  }

  /** The addresses, those with params last: `known` gives what no page links to. */
  async all(addresses, known = {}) {
    const sorted = addresses.toSorted((a, b) => a.includes('{') - b.includes('{'));
    for (const address of sorted) {
      if (!address.includes('{')) {
        await this.visit(address);
        continue;
      }
      const pattern = new RegExp(`^${address.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
      const example = known[address] ?? [...this.seen].find((link) => pattern.test(link) && !addresses.includes(link) && !/\.\w+$/.test(link));
      if (example) await this.visit(example);
      else this.people.faults.push(`no page leads to ${address}`);
    }
  }
}

async function walk({ platform, people, note }, slug, audience, { accounts = [], signedOut, known }) {
  const one = new Walk(people, platform.url(slug, '').replace(/\/$/, ''), slug || 'agencia');
  const addresses = routes(audience);
  for (const [account, more] of accounts) {
    await one.enter(account);
    // The first person sees every page of the signed-in; the others, what their role changes.
    if (account === accounts[0][0]) await one.all(addresses.filter(signedIn), known);
    for (const address of more) await one.visit(address);
  }
  if (signedOut) {
    await one.enter();
    await one.all(addresses.filter((address) => !signedIn(address)), { '/restablecer/{token}': NO_LINK, ...known });
    for (const [address, status] of signedOut) await one.visit(address, status);
  }
  note(`${one.walked} pages, the heaviest ${(one.heaviest[0] / 1000).toFixed(1)} KB (${one.heaviest[1]})`);
}

export const town = (t) =>
  walk(t, TOWN, 'TOWN', {
    signedOut: [['/buscar?q=predial', 200], ['/buscar?q=zzzzz', 200], ['/noticias/no-existe', 404], ['/solicitudes?radicado=2026-000418-7', 200]],
    known: { '/solicitudes/{radicado}': '/solicitudes/2026-000418-7' },
  });

export const administration = (t) =>
  walk(t, TOWN, 'TOWN', {
    accounts: [
      [t.platform.account('coordinator', TOWN), ['/entrar', '/salir', '/', '/admin/plan?fase=transformacion', '/admin/casos?q=nadie']],
      [t.platform.account('editor', TOWN), ['/admin', '/admin/plan', '/admin/sitio/nueva']],
      [t.platform.account('official', TOWN), ['/admin', '/admin/sitio/nueva', '/admin/casos']],
    ],
  });

export const desk = (t) =>
  walk(t, 'soporte', 'DESK', {
    accounts: [
      [t.platform.account('agent'), ['/correo', '/mesa?ver=MINE', '/mesa?ver=SETTLED']],
      [t.platform.account('supervisor'), ['/mesa']],
    ],
    signedOut: [['/no-existe', 404]],
  });

export const portal = (t) =>
  walk(t, '', 'PORTAL', {
    accounts: [
      [t.platform.account('administrator'), []],
      [t.platform.account('analyst'), ['/admin']],
    ],
    signedOut: [['/ranking?orden=PER_THOUSAND', 200], ['/ranking?orden=IMPROVED', 200], ['/municipios?search=chipaque', 200], ['/no-existe', 404]],
  });

/** The reader's own wishes: high contrast with large letters, the menu of a phone, an unknown host. */
export async function wishes({ platform, people }) {
  const page = await people.open({ phone: true });
  for (const [slug, address] of [[TOWN, '/'], [TOWN, '/plan'], [TOWN, '/pqrsd'], ['', '/ranking'], ['soporte', '/']]) {
    const url = platform.url(slug, address);
    await page.context().addCookies([{ name: 'cabildo_prefs', value: 'alto.mayor', url }]);
    await page.goto(url);
    people.faults.push(...(await inspect(page, `alto-${slug}-${address.slice(1)}`)));
  }
  const plain = await people.open({ phone: true });
  await plain.goto(platform.url(TOWN, '/'));
  await plain.getByRole('button', { name: 'Menú' }).click();
  await plain.getByRole('navigation', { name: 'Principal' }).waitFor();
  people.faults.push(...(await inspect(plain, 'menu', [PHONE])));
  const answer = await plain.goto(platform.url('no-existe'));
  check(answer.status() === 404, `an unknown host answers ${answer.status()}`);
  people.faults.push(...(await inspect(plain, 'unknown-host')));
}
