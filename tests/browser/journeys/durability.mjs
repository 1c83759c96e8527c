// What was acknowledged is there, once, after kill -9 of the platform, and of the platform and its database.
import { check, equal } from '../lib/check.mjs';
import { ask, session } from '../lib/http.mjs';
import { sleep } from '../lib/platform.mjs';

const TOWN = 'zapatoca-santander';
const PUBLISH = 'mutation ($input: PublishNewsInput!) { publishNews(input: $input) { newsItem { slug } userErrors { message } } }';
const READ = 'query ($after: String) { news(first: 100, after: $after) { nodes { slug title } pageInfo { endCursor hasNextPage } } }';

export async function durability({ platform, note }) {
  const cookie = await session(platform, TOWN, platform.account('coordinator', TOWN));
  const acknowledged = new Map();
  for (const [round, postgres] of [['uno', false], ['dos', true]]) {
    let killed = false;
    const before = acknowledged.size;
    const write = async (writer) => {
      for (let item = 0; !killed; item++) {
        const title = `Durabilidad ${round} ${writer} ${item}`;
        let answer;
        try {
          answer = await ask(platform, TOWN, PUBLISH, { input: { title, body: 'Se escribe mientras todo cae.' } }, cookie);
        } catch (error) {
          // A connection that broke acknowledged nothing; anything else is a fault.
          if (killed || ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(error.code) || /hang up|aborted/.test(error.message)) return;
          throw error;
        }
        const { newsItem, userErrors } = answer.data.publishNews;
        check(newsItem, `news refused: ${JSON.stringify(userErrors)}`);
        acknowledged.set(newsItem.slug, title);
      }
    };
    const writers = Promise.all([1, 2, 3, 4].map(write));
    writers.catch(() => {});
    await sleep(2500);
    const killing = platform.kill({ postgres });
    killed = true;
    await Promise.all([killing, writers]);
    const written = acknowledged.size - before;
    check(written >= 10, `only ${written} items were acknowledged before the kill`);
    const began = Date.now();
    await platform.start();
    note(`kill -9 of ${postgres ? 'cabildo and postgres' : 'cabildo'}: ${written} acknowledged, up again in ${((Date.now() - began) / 1000).toFixed(1)} s`);

    const found = [];
    for (let after = null, more = true; more; ) {
      const { news } = (await ask(platform, TOWN, READ, { after })).data;
      found.push(...news.nodes);
      ({ endCursor: after, hasNextPage: more } = news.pageInfo);
    }
    const times = (key, value) => found.filter((item) => item[key] === value).length;
    const lost = [...acknowledged].filter(([slug, title]) => times('slug', slug) !== 1 || times('title', title) !== 1);
    check(!lost.length, `${lost.length} of ${acknowledged.size} acknowledged items are not there exactly once: ${lost.slice(0, 5).map(([slug]) => slug).join(', ')}`);
    equal((await ask(platform, TOWN, '{ viewer { name } }', {}, cookie)).data.viewer !== null, true, 'the session after the restart');
  }

  const began = Date.now();
  const ended = await platform.stop();
  check(ended?.code === 0, `SIGTERM: cabildo ended with ${JSON.stringify(ended)}`);
  await sleep(200);
  const left = platform.remains();
  check(!left.length, `processes are left after SIGTERM: ${left.join(', ')}`);
  note(`clean stop in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
