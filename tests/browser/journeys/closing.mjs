// A month as the agency closes it and a municipality sees it: preliminary, an objection, its answer, the close that is signed and can be
// counted again by a program of somebody else's.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { check, equal, says, signIn, until } from '../lib/check.mjs';
import { ask, send } from '../lib/http.mjs';
import { root } from '../lib/platform.mjs';

const TOWN = 'filandia-quindio';
const REASON = 'El diez por la mañana el sitio respondió y nadie fue contado entre las ocho y las nueve.';
const ANSWER = 'El registro de esa hora muestra doce visitas que se perdieron; se suman.';

export async function closing({ platform, people, note }) {
  const origin = (slug) => platform.url(slug, '').replace(/\/$/, '');
  const months = async () => (await ask(platform, '', '{ monthCloses { month monthText finished mayObject closable closedAt } }')).data.monthCloses;
  const current = async () => (await months()).find((one) => !one.finished).month;
  const advance = async (by, holds, reason) => {
    equal(platform.run('clock', 'advance', by).status, 0, `clock advance ${by}`);
    await until(holds, reason);
  };
  const visits = async (of) => {
    const told = await ask(platform, '', 'query($m: String!) { ranking(month: $m, first: 100) { nodes { visits municipality { slug } } } }', { m: of });
    return told.data.ranking.nodes.find((row) => row.municipality.slug === TOWN).visits;
  };

  // To the second day after the end of the month under way.
  const month = await current();
  const { monthText } = (await months()).find((one) => one.month === month);
  const [year, number] = month.split('-').map(Number);
  const told = platform.run('clock', 'set', new Date(Date.UTC(year, number, 2, 14)).toISOString().replace('.000', ''));
  equal(told.status, 0, `clock set (${told.err})`);
  await until(async () => (await months()).find((one) => one.month === month)?.mayObject, `${month} is not open to objections`);
  const before = await visits(month);

  // The municipality objects.
  const town = await people.open({ phone: true });
  await signIn(town, origin(TOWN), platform.account('coordinator', TOWN));
  await town.goto(`${origin(TOWN)}/admin/visitas`);
  await town.getByRole('link', { name: 'Objetar el conteo de un mes' }).click();
  await town.getByLabel('Qué está mal y cómo se nota').waitFor();
  await people.look(town, 'objecting');
  await town.getByLabel('Mes', { exact: true }).selectOption(month);
  await town.getByLabel('Qué está mal y cómo se nota').fill('Corto.');
  await town.getByRole('button', { name: 'Presentar la objeción' }).click();
  await says(town, 'Explíquelo en una frase');
  await people.look(town, 'objection-refused');
  await town.getByLabel('Qué está mal y cómo se nota').fill(REASON);
  await town.getByRole('button', { name: 'Presentar la objeción' }).click();
  await says(town, 'La objeción quedó presentada', '.toast');
  await says(town, 'En estudio');

  // The analyst sees it among what is due, and answers.
  const analyst = await people.open();
  await signIn(analyst, origin(''), platform.account('analyst'));
  await analyst.goto(`${origin('')}/admin`);
  await analyst.getByRole('link', { name: `Contestar la objeción a ${monthText}` }).click();
  await says(analyst, REASON);
  await says(analyst, 'Conteo preliminar');
  await people.look(analyst, 'preliminary');
  await analyst.getByLabel('Aceptada', { exact: true }).check();
  await analyst.getByLabel('Visitas que suma o resta').fill('12');
  await analyst.getByLabel('Respuesta', { exact: true }).fill(ANSWER);
  await analyst.getByRole('button', { name: 'Contestar a Filandia' }).click();
  await says(analyst, 'La respuesta quedó guardada', '.toast');
  equal(await visits(month), before + 12, 'visits after the answer');

  // Too early, then in time.
  check(platform.run('ranking', 'close', month).err.includes('Se puede cerrar desde'), 'a month is closed while municipalities may object');
  await advance('5d', async () => (await months()).find((one) => one.month === month).closable, `${month} cannot be closed`);
  const administrator = await people.open();
  await signIn(administrator, origin(''), platform.account('administrator'));
  await administrator.goto(`${origin('')}/admin/cierres/${month}`);
  await says(administrator, 'ya se puede cerrar');
  await people.look(administrator, 'to-close');
  await administrator.getByRole('button', { name: `Cerrar ${monthText}` }).click();
  await says(administrator, 'quedó cerrado y firmado', '.toast');
  await people.look(administrator, 'closed');

  // Everybody sees what was signed, and the municipality its answer.
  const visitor = await people.open({ phone: true });
  await visitor.goto(`${origin('')}/ranking/${month}`);
  for (const words of ['Mes cerrado', 'Compruebe este mes', ANSWER]) await says(visitor, words);
  await people.look(visitor, 'month');
  await visitor.getByRole('link', { name: 'Cómo hacerlo' }).click();
  await says(visitor, 'La cadena de actas');
  await people.look(visitor, 'open-data');
  await signIn(town, origin(TOWN), platform.account('coordinator', TOWN));
  await town.goto(`${origin(TOWN)}/admin/visitas/objeciones`);
  await says(town, '+12 visitas');

  // By the platform, and by a program that shares no code with it: the same bytes.
  const verified = platform.run('ranking', 'verify', month);
  equal(verified.status, 0, `ranking verify (${verified.err})`);
  const recounted = spawnSync(path.join(root, 'tests/recount.py'), [`http://127.0.0.1:${platform.port}`, month, '--host', platform.host('')], { encoding: 'utf8', timeout: 60_000 });
  check(recounted.status === 0 && recounted.stdout.includes('mismos bytes'), `recount.py: ${recounted.stdout}${recounted.stderr}`);
  const act = await send(platform, '', `/ranking/${month}/acta.txt`);
  check(act.status === 200 && act.headers['content-type'] === 'text/plain; charset=utf-8' && act.text.startsWith('cabildo-ranking 1\n'), `acta.txt: ${act.status} ${act.headers['content-type']}`);

  // A mistake that was found later stands beside the month, signed.
  await administrator.goto(`${origin('')}/admin/cierres/${month}`);
  await administrator.getByText('Publicar una corrección').click();
  await administrator.getByLabel('Municipio, como está en la dirección de su sitio').fill(TOWN);
  await administrator.getByLabel('Visitas que debieron ser').fill(`${before + 10}`);
  await administrator.getByLabel('Qué estaba mal').fill('Dos de las doce visitas ya estaban contadas en la hora siguiente.');
  await administrator.getByRole('button', { name: 'Firmar y publicar la corrección' }).click();
  await says(administrator, 'La corrección quedó firmada', '.toast');
  await visitor.goto(`${origin('')}/ranking/${month}`);
  await says(visitor, 'Correcciones posteriores al cierre');
  equal(await visits(month), before + 12, 'visits of the closed month after a correction');
  note(recounted.stdout.trim());
}
