// A whole handover: opened, its list completed, the incoming team enrolled, the document signed by both, published, closed; nothing is orphaned.
import { check, equal, says, signIn, until } from '../lib/check.mjs';
import { ask, send, session } from '../lib/http.mjs';

const TOWN = 'filandia-quindio';
const INCOMING = { name: 'Alba Entrante Gómez', email: 'alba.entrante@example.org', password: 'cuatro guaduas sobre el río' };
const LAST_NEWS = '{ news(first: 1) { nodes { slug } } }';
const AFTER = '{ handoverOrphans { title reason } viewer { memberships { role } } currentAdministration { label } }';

export async function handover({ platform, people, note }) {
  const origin = platform.url(TOWN, '').replace(/\/$/, '');
  const at = (address) => origin + address;
  const coordinator = platform.account('coordinator', TOWN);
  const { news } = (await ask(platform, TOWN, LAST_NEWS)).data;
  const page = await people.open();
  await signIn(page, origin, coordinator);

  await page.goto(at('/admin/empalme'));
  await people.look(page, 'before');
  await page.getByRole('button', { name: 'Abrir el empalme' }).click();
  await says(page, 'Elija');
  await page.getByLabel('Por qué sale quien gobierna').selectOption('RESIGNATION');
  const today = new Date().toLocaleDateString('en-CA', { timeZone: 'America/Bogota' });
  await page.getByLabel('Último día en el cargo').fill(today);
  await page.getByRole('button', { name: 'Abrir el empalme' }).click();
  await says(page, 'El empalme quedó abierto', '.toast');
  await people.look(page, 'opened');

  // What the platform does not know itself, a person says.
  let completed = 0;
  for (;;) {
    const pending = page.locator('#puntos tr, table tr').filter({ hasText: 'Pendiente' }).first();
    if (!(await pending.count())) break;
    check(++completed < 60, 'the list never ends');
    const title = await pending.locator('a').first().innerText();
    await pending.locator('a').first().click();
    await page.getByLabel('Listo').check();
    await page.getByLabel(/Qué se entrega|Comentario/).fill(`${title}: se entrega completo, con su inventario en la carpeta ${completed}.`);
    if (completed === 1) {
      await page.locator('input[type=file]').setInputFiles({ name: 'inventario.txt', mimeType: 'text/plain', buffer: Buffer.from('Un inventario de prueba.') });
      await people.look(page, 'item');
    }
    await page.getByRole('button', { name: 'Guardar' }).click();
    await page.waitForURL(/\/admin\/empalme\?hecho=guardado/);
  }
  await says(page, 'La lista está completa');

  // The incoming coordinator enters with an account of her own.
  await page.goto(at('/admin/empalme/equipo'));
  const card = page.locator('form', { has: page.locator('input[name=_op][value=EnrolMember]') });
  await card.getByLabel('Nombre completo').fill(INCOMING.name);
  await card.getByLabel('Correo').fill(INCOMING.email);
  await card.getByLabel('Cargo').fill('Secretaria de Gobierno entrante');
  await card.getByLabel('Rol desde el acta').selectOption('COORDINATOR');
  await card.getByRole('button', { name: 'Inscribir y enviar el enlace' }).click();
  await says(page, 'Inscrita', '.toast');

  const mail = await people.open();
  await signIn(mail, platform.url('soporte', '').replace(/\/$/, ''), platform.account('agent'));
  const link = await until(async () => {
    await mail.goto(platform.url('soporte', '/correo'));
    const letter = mail.locator('main li', { hasText: INCOMING.email }).first();
    if (!(await letter.count())) return null;
    await letter.getByRole('link').click();
    return (await mail.locator('main').innerText()).match(/http:\/\/\S+\/restablecer\/\w+/)?.[0];
  }, `no letter for ${INCOMING.email}`, 30_000);
  const heir = await people.open();
  await heir.goto(link);
  await heir.getByLabel('Clave nueva').fill(INCOMING.password);
  await heir.getByLabel('La misma clave otra vez').fill(INCOMING.password);
  await heir.getByRole('button', { name: 'Cambiar la clave' }).click();
  await says(heir, 'Su clave cambió');
  await signIn(heir, origin, INCOMING);
  await heir.goto(at('/admin/empalme'));
  await says(heir, 'La lista está completa');

  // Who signs, who leaves, who stays.
  await page.goto(at('/admin/empalme/equipo'));
  await page.getByLabel('Por quien entrega').selectOption({ index: 1 });
  await page.getByLabel('Por quien recibe').selectOption({ label: INCOMING.name });
  await page.getByRole('button', { name: 'Guardar quién firma' }).click();
  await says(page, 'Quedó dicho quién firma', '.toast');
  for (let undecided = 0; ; undecided++) {
    check(undecided < 20, 'somebody stays undecided');
    const row = page.locator('form', { has: page.locator('input[name=_op][value=DecideDeparture]') }).nth(undecided);
    if (!(await row.count())) break;
    await row.getByLabel('Sale').check();
    await row.getByRole('button', { name: 'Guardar' }).click();
    await says(page, 'Quedó decidido', '.toast');
  }
  await people.look(page, 'people');

  // Both sign; the first signature freezes what is signed.
  const sign = async (person, post) => {
    await person.goto(at('/admin/empalme/documento'));
    await person.getByLabel('Su cargo').fill(post);
    await person.getByRole('button', { name: 'Firmar el documento' }).click();
    await says(person, 'Su firma quedó puesta', '.toast');
  };
  await people.look(page, 'people-decided');
  await sign(page, 'Coordinadora del Comité GEL-T');
  await sign(heir, 'Coordinadora entrante');
  await page.goto(at('/admin/empalme/documento'));
  await people.look(page, 'signed');
  await page.getByRole('button', { name: 'Publicar el informe' }).click();
  await says(page, 'Publicado', '.toast');
  const address = await page.getByRole('link', { name: 'leerlo como lo ve la gente' }).getAttribute('href');

  const reader = await people.open();
  equal((await reader.goto(at(address))).status(), 200, 'the published report');
  await says(reader, INCOMING.name);
  await people.look(reader, 'published');
  const pdf = await send(platform, TOWN, `${address}.pdf`);
  check(pdf.status === 200 && pdf.headers['content-type'] === 'application/pdf' && pdf.text.startsWith('%PDF-'), `${address}.pdf answers ${pdf.status} ${pdf.headers['content-type']}`);

  // Told to the community, then closed: roles and what each held pass at once.
  await page.goto(at('/admin/empalme/acta'));
  await page.getByLabel('Se socializó con la comunidad').check();
  await page.getByLabel('Cuándo').fill(today);
  await page.getByLabel('Cómo y con quién').fill('Reunión en el parque con las juntas de acción comunal.');
  await page.getByRole('button', { name: 'Anotar' }).click();
  await says(page, 'Quedó anotado', '.toast');
  await people.look(page, 'act');
  await page.getByRole('button', { name: 'Cerrar el acta y pasar todo' }).click();
  await page.waitForURL(at(address));
  await page.goto(at('/admin'));
  equal(new URL(page.url()).pathname, '/entrar', '/admin of whoever has left');

  await heir.goto(at('/admin/empalme/acta'));
  await says(heir, 'Acta cerrada');
  await people.look(heir, 'closed');
  await heir.goto(at('/admin/equipo'));
  await says(heir, INCOMING.name);
  const cookie = await session(platform, TOWN, INCOMING);
  const { data } = await ask(platform, TOWN, AFTER, {}, cookie);
  equal(JSON.stringify(data.handoverOrphans), '[]', 'what is orphaned');
  check(data.viewer.memberships.some(({ role }) => role === 'COORDINATOR'), 'the heir is no coordinator');
  await reader.goto(at(`/noticias/${news.nodes[0].slug}`));
  await says(reader, /Publicado bajo la administración anterior/);
  note(`${completed} points by hand; the administration is ${data.currentAdministration.label}`);
}
