// The Comité GEL-T: an editor publishes, the coordinator measures, an official answers, and the public sees each at once.
import { check, equal, says, signIn } from '../lib/check.mjs';
import { send } from '../lib/http.mjs';

const TOWN = 'chipaque-cundinamarca';
const RECORDS = 'filandia-quindio';

export async function committee({ platform, people, shared, js }) {
  const at = (address) => platform.url(TOWN, address);
  const account = (role) => platform.account(role, TOWN);
  const reader = await people.open({ js });
  const word = js ? 'jornada' : 'brigada';

  // The reader has seen the pages before: what is cached must not stand in the way.
  for (const address of ['/', '/noticias', `/buscar?q=${word}`]) await reader.goto(at(address));

  const page = await people.open({ js });
  await page.goto(at('/admin'));
  equal(new URL(page.url()).pathname, '/entrar', 'where /admin leads who has not signed in');
  const editor = account('editor');
  await page.getByLabel('Correo').fill(editor.email);
  await page.getByLabel('Clave').fill('no es la clave');
  await page.getByRole('button', { name: 'Entrar' }).click();
  await says(page, 'No pudimos dejarlo entrar.');
  equal(await page.getByLabel('Correo').inputValue(), editor.email, 'the e-mail after a wrong password');
  equal(await page.getByLabel('Clave').inputValue(), '', 'the password after a wrong password');
  if (js) await people.look(page, 'wrong-password');
  await page.getByLabel('Clave').fill(editor.password);
  await page.getByRole('button', { name: 'Entrar' }).click();
  await page.waitForURL(at('/admin'));
  await says(page, 'Pendientes');
  check(/(Buenos días|Buenas tardes|Buenas noches)/.test(await page.locator('h1').innerText()), '«Hoy» does not greet');

  // News: live in the very next request of somebody else.
  const title = `Gran ${word} de vacunación en el parque, ${Date.now() % 100000}`;
  await page.goto(at('/admin/sitio/nueva'));
  await page.getByLabel('Título').fill(title);
  await page.getByLabel('Texto').fill('El sábado desde las 8 de la mañana.\n\n## Qué llevar\n\n- El carné');
  await page.getByRole('button', { name: 'Publicar ahora' }).click();
  await page.waitForURL(/\/admin\/sitio\?publicada=/);
  const slug = new URL(page.url()).searchParams.get('publicada');
  const answer = await reader.goto(at(`/noticias/${slug}`));
  equal(answer.status(), 200, 'the news in the very next request');
  equal((await reader.locator('h1').innerText()).trim(), title, 'its title');
  const feed = await send(platform, TOWN, '/noticias.atom');
  check(feed.status === 200 && feed.text.includes(`<title>${title}</title>`), '/noticias.atom does not have the news');
  for (const address of ['/', '/noticias', `/buscar?q=${word}`]) {
    await reader.goto(at(address));
    check((await reader.locator(`main a[href="/noticias/${slug}"]`).count()) > 0, `${address} does not have the news`);
  }
  await says(page, 'está en línea', '.toast');
  if (js) await people.look(page, 'published');
  await page.getByRole('button', { name: 'Salir' }).click();
  await page.waitForURL(at('/'));
  await page.goto(at('/admin'));
  equal(new URL(page.url()).pathname, '/entrar', '/admin after signing out');

  // A measurement with its evidence. Of Chipaque's own indicators the platform computes every one: this one is Filandia's.
  const there = (address) => platform.url(RECORDS, address);
  const coordinator = await people.open({ js });
  await signIn(coordinator, there('').replace(/\/$/, ''), platform.account('coordinator', RECORDS));
  await coordinator.goto(there('/admin/plan/indicadores/5/consultas-abiertas'));
  const evidence = `Acta ${js ? 14 : 15} del Comité GEL-T`;
  const form = coordinator.locator('form', { has: coordinator.locator('input[name=_op][value=RecordMeasurement]') });
  await form.getByLabel('Valor').fill(js ? '3' : '4');
  await form.getByLabel('Evidencia').fill(evidence);
  await form.getByRole('button', { name: 'Registrar medición' }).click();
  await says(coordinator, 'La medición quedó registrada', '.toast');
  if (js) await people.look(coordinator, 'indicator');
  for (const address of ['/plan/indicadores/5/consultas-abiertas', '/plan/acciones/5']) {
    await reader.goto(there(address));
    await says(reader, evidence);
  }

  // The answer to the citizen's PQRSD.
  const petition = shared.petitions?.[js];
  check(petition, 'the citizen filed nothing to answer');
  const official = await people.open({ js });
  await signIn(official, at('').replace(/\/$/, ''), account('official'));
  await official.goto(at(`/admin/casos?q=${encodeURIComponent(petition.subject)}`));
  equal(await official.locator('main tbody tr').count(), 1, 'cases of a form that was sent several times');
  await official.locator('main tbody a').first().click();
  await official.getByRole('button', { name: 'Tomar la solicitud' }).click();
  await says(official, 'Quedó en estudio.', '.toast');
  const text = `La Secretaría de Planeación repara el alumbrado el ${js ? 'lunes' : 'martes'}.`;
  await official.getByLabel('Respuesta').fill(text);
  if (js) await people.look(official, 'case');
  await official.getByRole('button', { name: 'Enviar la respuesta' }).click();
  await says(official, /Respuesta (enviada|guardada)/, '.toast');
  await reader.goto(at(`/solicitudes/${petition.radicado}`));
  check(!(await reader.locator('main').innerText()).includes(text), 'the answer is open without the code');
  await reader.getByLabel('Código de consulta').fill(petition.code);
  await reader.getByRole('button', { name: /^Ver/ }).click();
  await says(reader, text);
}
