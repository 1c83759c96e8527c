// A citizen with a phone: finds a trámite, reads the plan, files a PQRSD, comes back for its state.
import { check, equal, says } from '../lib/check.mjs';
import { post } from '../lib/http.mjs';

const TOWN = 'chipaque-cundinamarca';

export async function citizen({ platform, people, shared, js }) {
  const page = await people.open({ js, phone: true });
  const at = (address) => platform.url(TOWN, address);

  await page.goto(at('/'));
  await page.getByRole('main').getByRole('searchbox').fill('predial');
  await page.getByRole('main').getByRole('button', { name: 'Buscar' }).click();
  await says(page, /resultados? para «predial»/);
  await page.getByRole('main').locator('a[href^="/tramites/"]').first().click();
  check(new URL(page.url()).pathname.startsWith('/tramites/'), 'the first result does not lead to a sheet');
  check(/predial/i.test(await page.locator('h1').innerText()), 'the sheet found by «predial» is about something else');

  await page.goto(at('/plan'));
  equal(await page.locator('main ol.phases > li').count(), 5, 'phases on /plan');
  equal(await page.locator('main [aria-labelledby=acciones] details.fold').count(), 6, 'actions on /plan');

  // What is missing is told, what was typed is kept.
  const subject = `Alumbrado de la vereda ${js ? 'Cerezos' : 'Mongue'}`;
  const email = `vecina-${js ? 'uno' : 'dos'}@correo.example`;
  await page.goto(at('/pqrsd'));
  const send = page.getByRole('button', { name: 'Enviar y recibir radicado' });
  await page.getByLabel('Asunto').fill(subject);
  await page.getByLabel('Nombre y apellidos').fill('Ana Julia Rojas');
  await page.getByLabel('Correo electrónico').fill(email);
  await send.click();
  await says(page, /^Hay \d errore?s?$/);
  check((await page.title()).startsWith('Hay '), `the title does not tell of the errors: ${await page.title()}`);
  const links = await page.locator('.errors a').evaluateAll((all) => all.map((link) => [link.getAttribute('href'), document.querySelector(link.getAttribute('href'))?.tagName]));
  check(links.length >= 2 && links.every(([, target]) => target), `the summary does not lead to the fields: ${JSON.stringify(links)}`);
  equal(await page.locator('.errors').evaluate((box) => box === document.activeElement), true, 'the summary has the focus');
  equal(await page.getByLabel('Asunto').inputValue(), subject, 'the subject after errors');
  equal(await page.getByLabel('Correo electrónico').inputValue(), email, 'the e-mail after errors');
  if (js) await people.look(page, 'errors');
  await page.locator('.errors a[href="#body"]').click();
  equal(await page.evaluate(() => document.activeElement.id), 'body', 'the focus after the summary’s link');

  // Mended, and sent by an impatient finger and by several requests at once: one radicado.
  await page.getByRole('radio', { name: 'Petición de interés general' }).check();
  await page.getByLabel('¿Qué pasó y qué pide?').fill('Desde octubre no hay luz en la escuela. Pido que la reparen.');
  const typed = await page.locator('form[action="/pqrsd"]').evaluate((form) => Array.from(new FormData(form)));
  const [, ...others] = await Promise.all([send.click({ clickCount: 4 }), ...Array.from({ length: 3 }, () => post(platform, TOWN, '/pqrsd', typed))]);
  await says(page, 'Recibimos su solicitud');
  const radicado = (await page.locator('.radicado').innerText()).trim();
  check(/^\d{4}-\d{6,}-\d$/.test(radicado), `not a radicado: ${radicado}`);
  const code = (await page.locator('dt:text-is("Código de consulta") + dd b').innerText()).trim();
  check(/^[A-Z0-9]{3}-?[A-Z0-9]{3}$/.test(code), `not a code: ${code}`);
  for (const other of others) check(other.status === 200 && other.text.includes(radicado), `the same form sent again: ${other.status}, ${other.text.match(/\d{4}-\d{6,}-\d/)?.[0]} instead of ${radicado}`);
  await says(page, /El término es de \d+ días hábiles/);
  check((await page.locator('main .receipt table, main .receipt .calendar, main .receipt [class*=cal]').count()) > 0, 'the due date has no calendar');
  if (js) await people.look(page, 'receipt');

  // Another day, another device.
  const later = await people.open({ js, phone: true });
  await later.goto(at('/solicitudes'));
  const look = async (number, word) => {
    await later.getByLabel('Radicado').fill(number);
    await later.getByLabel('Código de consulta').fill(word);
    await later.getByRole('button', { name: 'Ver mi solicitud' }).click();
  };
  await look(radicado, 'AAA-AAA');
  await says(later, 'Ninguna solicitud tiene ese radicado con ese código');
  await look(radicado, code.toLowerCase());
  await says(later, subject);
  await says(later, 'Responderemos a más tardar');
  if (js) await people.look(later, 'case');
  shared.petitions ??= {};
  shared.petitions[js] = { radicado, code, subject };
}
