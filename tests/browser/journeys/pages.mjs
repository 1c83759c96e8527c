// Every page of every audience, found in the table of routes: axe, one h1, reflow, weight. A page that nobody links to fails.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inspect, PHONE, scales } from '../lib/browser.mjs';
import { check, says, signIn } from '../lib/check.mjs';
import { ask, session } from '../lib/http.mjs';
import { root } from '../lib/platform.mjs';

const TOWN = 'chipaque-cundinamarca';
const RECORDS = 'filandia-quindio';
const NEXT = 'zapatoca-santander';
const LIMIT = 50_000;
const NO_LINK = `/restablecer/${'0'.repeat(64)}`;
const CODES = '{ courses(first: 20) { nodes { people { certificate { code } } } } }';
const today = () => new Date().toLocaleDateString('en-CA', { timeZone: 'America/Bogota' });
const planned = (address) => /^\/admin\/(plan|empalme)(\/|$)/.test(address);
const signedIn = (address) => /^\/(admin|mesa|correo|indicadores|base-de-conocimiento)(\/|$)/.test(address);

const table = [...readFileSync(path.join(root, 'services/web/src/routes.rs'), 'utf8').matchAll(/page\(\s*"([^"]+)",\s*(\w+),/g)];
const fixed = new Set(table.map(([, address]) => address));

/** The addresses of an audience, from the table that serves them. */
function routes(audience) {
  const found = table.filter(([, , of]) => of === 'ALL' || of === audience).map(([, address]) => address);
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
    const { answer, bytes, parts } = await this.scales.weigh(() => this.page.goto(this.origin + address, { waitUntil: 'load' }));
    this.walked++;
    const { faults } = this.people;
    const landed = new URL(this.page.url());
    if (answer.status() !== status) return void faults.push(`${this.role} ${address}: ${answer.status()} instead of ${status}`);
    if (landed.pathname !== address.split('?')[0]) return void faults.push(`${this.role} ${address} leads to ${landed.pathname}`);
    if (bytes > LIMIT) faults.push(`${address}: ${(bytes / 1000).toFixed(1)} KB over the wire (${parts})`);
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
      const example = known[address] ?? [...this.seen].find((link) => pattern.test(link) && !fixed.has(link) && !/\.\w+$/.test(link));
      if (example) await this.visit(example);
      else this.people.faults.push(`no page leads to ${address}`);
    }
  }
}

const told = (walk) => `${walk.walked} pages, the heaviest ${(walk.heaviest[0] / 1000).toFixed(1)} KB (${walk.heaviest[1]})`;
const walker = ({ platform, people }, slug) => new Walk(people, platform.url(slug, '').replace(/\/$/, ''), slug || 'agencia');

/** Walks an audience: the first account sees every page of the signed-in, the others what their role changes. `skip` is walked elsewhere. */
async function walk(t, slug, audience, { accounts = [], signedOut, known, skip = () => false }) {
  const one = walker(t, slug);
  const addresses = routes(audience).filter((address) => !skip(address));
  for (const [account, more] of accounts) {
    await one.enter(account);
    if (account === accounts[0][0]) await one.all(addresses.filter(signedIn), known);
    for (const address of more) await one.visit(address);
  }
  if (signedOut) {
    await one.enter();
    await one.all(addresses.filter((address) => !signedIn(address)), { '/restablecer/{token}': NO_LINK, ...known });
    for (const [address, status] of signedOut) await one.visit(address, status);
  }
  t.note(told(one));
}

/** A certificate's address is known to its holder alone; what takes a handover, or a plan before, is seen where there is one. */
export async function town(t) {
  const { data } = await ask(t.platform, TOWN, CODES, {}, await session(t.platform, TOWN, t.platform.account('coordinator', TOWN)));
  const code = data.courses.nodes.flatMap(({ people }) => people).find(({ certificate }) => certificate)?.certificate.code;
  await walk(t, TOWN, 'TOWN', {
    signedOut: [['/buscar?q=predial', 200], ['/buscar?q=zzzzz', 200], ['/noticias/no-existe', 404], ['/solicitudes?radicado=2026-000418-7', 200], ['/certificados?code=C-2222', 200]],
    known: { '/solicitudes/{radicado}': '/solicitudes/2026-000418-7', '/certificados/{code}': `/certificados/${code}` },
    skip: (address) => ['/empalme/{slug}', '/plan/{key}'].includes(address),
  });
}

/** The report of the handover that Filandia has published, and what carries its mark. */
export async function handed(t) {
  const one = await walker(t, RECORDS).enter();
  await one.all(['/empalme', '/empalme/{slug}', '/plan', '/plan/acciones/{number}', '/plan/indicadores/{action}/{key}', '/noticias', '/noticias/{slug}']);
  t.note(told(one));
}

/** Fills the form that has the button, and presses it. */
async function press({ page, origin }, address, name, fields, toast) {
  await page.goto(origin + address);
  const form = page.locator('form', { has: page.getByRole('button', { name }) }).first();
  for (const [label, value] of Object.entries(fields)) {
    const field = form.getByLabel(label);
    if ((await field.evaluate(({ tagName }) => tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
  await form.getByRole('button', { name }).click();
  if (toast) await says(page, toast, '.toast');
}

/** Signs the draft and puts it in force; leads to the new version. */
async function adopt(one, reason) {
  await press(one, '/admin/plan/edicion/adoptar', 'Firmar este texto', { Cargo: 'Secretaria de Gobierno', 'De dónde viene': 'Alcaldía' }, 'La firma quedó registrada');
  await one.visit('/admin/plan/edicion/adoptar');
  const act = { 'Por qué cambia el plan': reason, 'Clase de acto': 'MINUTES', Número: '12', Fecha: today(), 'Quién lo expidió': 'Comité GEL-T' };
  await press(one, '/admin/plan/edicion/adoptar', 'Adoptar el plan', act);
  await one.page.waitForURL(/\/plan\/versiones\/\d+/);
  const { pathname, search } = new URL(one.page.url());
  for (const address of [pathname + search, '/plan/versiones', '/plan']) await one.visit(address);
}

/** The plan and the handover under way: a draft is changed and adopted, a handover is opened and cancelled, a town begins its next plan. */
export async function planning(t) {
  const one = await walker(t, TOWN).enter(t.platform.account('coordinator', TOWN));
  for (const address of ['/admin/plan/edicion', '/admin/empalme']) await one.visit(address);
  await press(one, '/admin/plan/edicion', /^Abrir borrador/, {}, 'El borrador está abierto');
  await press(one, '/admin/plan/edicion/texto', 'Guardar en el borrador', { Visión: 'Un municipio que resuelve en línea lo que antes pedía un viaje.' }, 'Guardado en el borrador');
  await press(one, '/admin/empalme', 'Abrir el empalme', { 'Por qué sale quien gobierna': 'RESIGNATION', 'Último día en el cargo': today() }, 'El empalme quedó abierto');
  await one.all(routes('TOWN').filter(planned));
  await one.visit('/admin');
  await adopt(one, 'La visión de 2008 ya se cumplió.');
  await one.page.goto(`${one.origin}/admin/empalme`);
  await one.page.getByText('Cancelar este empalme').click();
  await one.page.getByLabel('Motivo').fill('La renuncia se retiró.');
  await one.page.getByRole('button', { name: 'Cancelar el empalme' }).click();
  await says(one.page, 'El empalme quedó cancelado', '.toast');

  // The plan before stays to be read; what the national model is unsure of does not pass by itself.
  const next = await walker(t, NEXT).enter(t.platform.account('coordinator', NEXT));
  await press(next, '/admin/plan/edicion', 'Comenzar con el modelo nacional', {}, 'El borrador está abierto');
  await says(next.page, 'El modelo no está seguro');
  const unsure = '/admin/plan/edicion/acciones/3';
  await next.page.goto(next.origin + unsure);
  const activities = (await next.page.getByLabel('Actividades').inputValue()).split('\n').filter((line) => !line.includes('FURAG'));
  await press(next, unsure, 'Guardar en el borrador', { Actividades: activities.join('\n') }, 'Guardado en el borrador');
  await adopt(next, 'Empieza otro período.');
  await next.all(['/plan/{key}', '/plan/marcos/{framework}', '/plan/modelo']);
  t.note(`${told(one)}; ${told(next)}`);
}

export const administration = (t) =>
  walk(t, TOWN, 'TOWN', {
    accounts: [
      [t.platform.account('coordinator', TOWN), ['/entrar', '/salir', '/', '/admin/plan?fase=transformacion', '/admin/casos?q=nadie']],
      [t.platform.account('editor', TOWN), ['/admin', '/admin/plan', '/admin/sitio/nueva']],
      [t.platform.account('official', TOWN), ['/admin', '/admin/sitio/nueva', '/admin/casos']],
    ],
    skip: planned,
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
