// What the agency sends and grants: a circular read and answered, a site featured with its evidence, a call from its nomination to its result.
import { check, equal, says, signIn, until } from '../lib/check.mjs';
import { ask, send } from '../lib/http.mjs';

const TOWN = 'chipaque-cundinamarca';

export async function incentives({ platform, people }) {
  const at = (address) => platform.url('', address);
  const there = (address) => platform.url(TOWN, address);
  const analyst = await people.open();
  await signIn(analyst, at('').replace(/\/$/, ''), platform.account('analyst'));
  const coordinator = await people.open();
  await signIn(coordinator, there('').replace(/\/$/, ''), platform.account('coordinator', TOWN));

  // A circular: sent to one town, on its desk, read, answered, and the agency sees both.
  const title = `Revisión del directorio ${Date.now() % 100000}`;
  await analyst.goto(at('/admin/lineamientos/nuevo'));
  await analyst.getByLabel('De qué trata').fill(title);
  await analyst.getByLabel('El lineamiento').fill('Revise los teléfonos de cada dependencia.');
  await analyst.getByLabel('Qué debe responder cada municipio').fill('Diga cuántos corrigió.');
  await analyst.getByLabel('A unos municipios elegidos').check();
  await analyst.getByText('Municipios elegidos', { exact: true }).click();
  await analyst.getByLabel('Municipios, uno por renglón').fill(TOWN);
  await analyst.getByRole('button', { name: 'Enviar a los municipios' }).click();
  await analyst.waitForURL(/\/admin\/lineamientos\/[0-9]+-[0-9]+\?hecho=enviado/);
  const slug = new URL(analyst.url()).pathname.split('/').pop();
  await people.look(analyst, 'circular-sent');
  await until(async () => {
    await coordinator.goto(there('/admin'));
    return (await coordinator.getByText(`Responder el lineamiento ${slug}`).count()) > 0;
  }, `the circular ${slug} does not reach the desk of ${TOWN}`, 30_000);
  await coordinator.goto(there(`/admin/lineamientos/${slug}`));
  await coordinator.getByRole('button', { name: 'Confirmo que lo leí' }).click();
  await says(coordinator, 'La agencia ya ve', '.toast');
  await coordinator.getByLabel('Mensaje').fill('Corregimos cuatro teléfonos.');
  await coordinator.getByRole('button', { name: 'Enviar a la agencia' }).click();
  await says(coordinator, 'La respuesta llegó', '.toast');
  await people.look(coordinator, 'circular-answered');
  await analyst.goto(at(`/admin/lineamientos/${slug}`));
  await says(analyst, 'Respondido');
  await analyst.locator(`a[href="/admin/lineamientos/${slug}/${TOWN}"]`).click();
  await says(analyst, 'Corregimos cuatro teléfonos.');
  const file = await send(platform, '', `/lineamientos.csv`);
  check(file.status === 200 && file.text.includes(title), 'the public list has no circular');

  // A featured site: the evidence, the reason, the portal, the block, the town's front page.
  await until(async () => {
    await analyst.goto(at('/admin/destacados?q=chipaque'));
    return (await analyst.locator('details.fold').count()) > 0;
  }, 'nobody was measured', 60_000);
  const reason = `Corrigió su directorio en un día, ${Date.now() % 100000}`;
  const taken = (await ask(platform, '', '{ features { nodes { slug } } }')).data.features.nodes.map((node) => node.slug);
  const month = (await ask(platform, '', '{ monthCloses { month finished } }')).data.monthCloses.find((one) => !one.finished).month;
  if (!taken.includes(`${month}-${TOWN}`)) {
    await analyst.locator('details.fold summary').first().click();
    await people.look(analyst, 'shortlist');
    await analyst.getByLabel('Por qué se destaca').first().fill(reason);
    await analyst.getByRole('button', { name: 'Destacar a' }).first().click();
    await says(analyst, 'El sitio quedó destacado', '.toast');
  }
  const reader = await people.open({ phone: true });
  await reader.goto(at('/destacados'));
  await reader.locator(`a[href="/destacados/${month}-${TOWN}"]`).click();
  await says(reader, 'Días desde la última actualización');
  await people.look(reader, 'proof');
  const block = await send(platform, '', '/destacados/bloque');
  check(block.status === 200 && !block.text.includes('<script') && block.text.includes('Chipaque'), 'the block for a newspaper');
  await until(async () => {
    await reader.goto(there('/'));
    return (await reader.getByRole('link', { name: 'Ver la prueba' }).count()) > 0;
  }, 'the front page of the town does not say that it was featured', 20_000);

  // A call: its criteria, a nomination, the jury, the result, and what the town sees of it.
  await analyst.goto(at('/admin/premios/nueva'));
  const today = await analyst.getByLabel('Abre').inputValue();
  const prize = `Premio de prueba ${Date.now() % 100000}`;
  await analyst.getByLabel('Cómo se llama').fill(prize);
  await analyst.getByLabel('Bases').fill('Participa cualquier municipio.');
  await analyst.getByLabel('Criterios, uno por renglón').fill('100 | Impacto | A cuántas personas les cambió algo');
  await analyst.getByLabel('Premios, uno por puesto').fill('Una cámara');
  await analyst.getByLabel('Cierra').fill(today);
  await analyst.getByRole('button', { name: 'Guardar la convocatoria' }).click();
  await analyst.waitForURL(/\/admin\/premios\/.*hecho=guardada/);
  const call = new URL(analyst.url()).pathname.split('/').pop();
  await coordinator.goto(there('/admin/incentivos'));
  await coordinator.getByRole('link', { name: prize }).click();
  await coordinator.getByLabel('Cómo se llama la experiencia').fill('Citas por mensaje');
  await coordinator.getByLabel('De qué se trata').fill('La gente pide su turno sin ir a la alcaldía.');
  await coordinator.getByRole('button', { name: 'Empezar la postulación' }).click();
  await coordinator.getByLabel('Respuesta').fill('A tres mil personas.');
  await coordinator.getByRole('button', { name: 'Guardar esta respuesta' }).click();
  await says(coordinator, 'La respuesta quedó guardada.', '.toast');
  await coordinator.getByRole('button', { name: 'Enviar la postulación' }).click();
  await says(coordinator, 'La postulación llegó a la agencia.', '.toast');
  await people.look(coordinator, 'nomination');

  // A day later nobody is signed in any more.
  equal(platform.run('clock', 'advance', '1d').status, 0, 'clock advance');
  await until(async () => {
    await analyst.goto(at('/admin'));
    return new URL(analyst.url()).pathname === '/entrar';
  }, 'the server does not follow the clock');
  await signIn(analyst, at('').replace(/\/$/, ''), platform.account('analyst'));
  await signIn(coordinator, there('').replace(/\/$/, ''), platform.account('coordinator', TOWN));
  await until(async () => {
    await analyst.goto(at(`/admin/premios/${call}/${TOWN}`));
    return (await analyst.getByLabel('Impacto, de 0 a 100').count()) > 0;
  }, 'the call does not close');
  await analyst.getByLabel('Impacto, de 0 a 100').fill('87');
  await analyst.getByRole('button', { name: 'Guardar mi calificación' }).click();
  await analyst.waitForURL(at(`/admin/premios/${call}`));
  await analyst.getByLabel('Motivación del jurado').fill('Fue la única, y es buena.');
  await analyst.getByRole('button', { name: 'Publicar los resultados' }).click();
  await says(analyst, 'Los resultados están publicados.', '.toast');
  await reader.goto(at(`/premios/${call}`));
  await says(reader, 'Una cámara');
  await people.look(reader, 'results');
  await coordinator.goto(there('/admin/incentivos'));
  await says(coordinator, 'Puesto 1, 87 puntos. Una cámara');
  await people.look(coordinator, 'won');
}
