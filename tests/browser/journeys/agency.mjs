// The national agency: visits are counted, robots are not, a month ends, is closed, and its leaders are told.
import { check, equal, says, signIn, until } from '../lib/check.mjs';
import { ask, send } from '../lib/http.mjs';

const TOWN = 'filandia-quindio';
const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const browserOf = (number) => `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + number}.0) Gecko/20100101 Firefox/${100 + number}.0`;

export async function agency({ platform, people }) {
  const at = (address) => platform.url('', address);
  const months = async () => (await ask(platform, '', '{ monthCloses { month finished closedAt } }')).data.monthCloses;
  const current = async () => (await months()).find((month) => !month.finished).month;
  const month = await current();

  // The open month: preliminary, at most five seconds old.
  const page = await people.open();
  const visits = async (of = month) => {
    await page.goto(at(`/ranking/${of}`));
    const row = page.locator('#tabla-ranking tbody tr, table tbody tr', { has: page.locator(`a[href="/municipios/${TOWN}"]`) });
    return Number((await row.locator('td.num').first().innerText()).replaceAll('.', ''));
  };
  const before = await visits();
  await says(page, 'Conteo preliminar');
  for (let visitor = 0; visitor < 5; visitor++) {
    const fresh = await people.open({ agent: browserOf(visitor), phone: visitor % 2 === 0 });
    for (const address of ['/', '/plan', '/admin', '/']) await fresh.goto(platform.url(TOWN, address));
  }
  const began = Date.now();
  await until(async () => (await visits()) === before + 5, `five visitors, and the ranking of ${month} does not show ${before + 5} visits`, 10_000);
  const seconds = (Date.now() - began) / 1000;
  check(seconds < 7, `the open month was ${seconds.toFixed(1)} s old`);

  // Robots do not count, nor who is seen again, nor more than its share from one network.
  const robot = await people.open({ agent: GOOGLEBOT });
  for (const address of ['/', '/plan', '/noticias']) await robot.goto(platform.url(TOWN, address));
  const again = await people.open({ agent: browserOf(1) });
  await again.goto(platform.url(TOWN, '/tramites'));
  await page.waitForTimeout(5500);
  equal(await visits(), before + 5, 'visits after a robot and a visitor of before');
  const { data } = await ask(platform, TOWN, '{ municipality { population } }');
  const share = 12 + Math.floor((data.municipality.population ?? 0) / 1000);
  for (let visitor = 5; visitor < share + 15; visitor++) await send(platform, TOWN, '/', { headers: { 'user-agent': browserOf(visitor) } });
  await until(async () => (await visits()) === before + share, `one network brought other than its share, ${share} visits`, 10_000);
  await page.waitForTimeout(1500);
  equal(await visits(), before + share, 'visits from one network');
  await people.look(page, 'open-month');

  // The month ends. The analyst sees it, the administrator closes it.
  const early = platform.run('ranking', 'close', month);
  check(early.status !== 0 && early.err.includes('no ha terminado') && !early.err.includes('\n'), `closing ${month} too early: ${early.status}, ${early.err}`);
  const moved = platform.run('clock', 'advance', '40d');
  equal(moved.status, 0, `clock advance (${moved.err})`);
  await until(async () => (await current()) !== month, 'the server does not follow the clock');
  const open = await current();

  const analyst = await people.open();
  await signIn(analyst, at('').replace(/\/$/, ''), platform.account('analyst'));
  const row = (of) => `tr:has(a[href="/ranking/${of}"])`;
  await says(analyst, 'Por cerrar', row(month));
  equal(await analyst.locator('input[name=month]').count(), 0, 'buttons to close a month, for the analyst');
  const administrator = await people.open();
  await signIn(administrator, at('').replace(/\/$/, ''), platform.account('administrator'));
  equal(await administrator.locator(`${row(month)} input[name=month]`).count(), 1, 'buttons to close the month, for the administrator');
  equal(await administrator.locator(`${row(open)} input[name=month]`).count(), 0, 'buttons to close the month under way');
  await people.look(administrator, 'to-close');
  await administrator.locator(`${row(month)} input[name=month]`).evaluate((field, value) => (field.value = value), open);
  await administrator.locator(row(month)).getByRole('button').click();
  await says(administrator, 'no ha terminado', '.alert');

  const closed = platform.run('ranking', 'close', month);
  check(closed.status === 0 && closed.out.startsWith(`${month}: `), `ranking close: ${closed.status}, ${closed.err}`);
  equal(platform.run('ranking', 'close', month).out, closed.out, 'closing again');
  equal(platform.run('ranking', 'verify', month).status, 0, 'ranking verify');
  equal(await visits(), before + share, 'visits of the closed month');
  await says(page, 'Mes cerrado');
  await says(page, /^Comprobada/);

  // The closed ranking wrote a draft; the editor adds a word and publishes, and the leaders are news on the agency's home at once.
  await page.goto(at('/'));
  equal(await page.locator(`main a[href="/noticias/ranking-${month}"]`).count(), 0, 'news before the editor published');
  await administrator.goto(at('/admin'));
  await administrator.locator(`a[href="/admin/noticia-del-mes/${month}"]`).first().click();
  await says(administrator, 'Borrador de la noticia');
  const text = await administrator.getByLabel('Texto').inputValue();
  await administrator.getByLabel('Texto').fill(`${text}\n\nFelicitaciones a todos.`);
  await administrator.getByRole('button', { name: 'Publicar la noticia' }).click();
  await says(administrator, 'La noticia está publicada', '.toast');
  await people.look(administrator, 'month-news');
  await page.goto(at('/'));
  const news = page.locator(`main a[href="/noticias/ranking-${month}"]`);
  check((await news.count()) > 0, `the home has no news of ${month}`);
  await news.first().click();
  await says(page, 'Así quedaron los sitios más visitados');
  await says(page, 'Felicitaciones a todos.');
  check((await page.locator('main table tbody tr').count()) > 0, 'the news has no table of leaders');

  // The next one by its button.
  equal(platform.run('clock', 'advance', '31d').status, 0, 'clock advance');
  await until(async () => (await current()) !== open, 'the server does not follow the clock');
  await signIn(administrator, at('').replace(/\/$/, ''), platform.account('administrator'));
  await administrator.locator(`${row(open)} summary`).click();
  await administrator.locator(row(open)).getByRole('button').click();
  await administrator.waitForLoadState();
  await administrator.goto(at(`/ranking/${open}`));
  await says(administrator, 'Mes cerrado');
  check((await months()).find((one) => one.month === open).closedAt, `${open} was not closed by its button`);
}
