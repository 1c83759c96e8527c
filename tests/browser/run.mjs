// The journeys of four people, end to end: `node run.mjs [SCRATCH [LOGS [JOURNEY…]]]`. Starts its own platforms on free ports,
// stops what it started, and ends with `N passed, N failed`. Screenshots and details are in shots/.
import { mkdirSync, mkdtempSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, shot, Visitors } from './lib/browser.mjs';
import { Platform } from './lib/platform.mjs';
import { agency } from './journeys/agency.mjs';
import { citizen } from './journeys/citizen.mjs';
import { closing } from './journeys/closing.mjs';
import { committee } from './journeys/committee.mjs';
import { durability } from './journeys/durability.mjs';
import { graphql } from './journeys/graphql.mjs';
import { handover } from './journeys/handover.mjs';
import { incentives } from './journeys/incentives.mjs';
import { administration, desk, handed, planning, portal, town, wishes } from './journeys/pages.mjs';
import { support } from './journeys/support.mjs';

// Each lane has a platform of its own and runs in order; what is written by one journey is read by a later one.
const LANES = {
  main: [
    ['citizen', citizen, true], ['citizen-no-script', citizen, false],
    ['committee', committee, true], ['committee-no-script', committee, false],
    ['support', support, true], ['support-no-script', support, false],
    ['graphql-http', graphql], ['handover', handover], ['pages-handover', handed],
    ['pages-plan', planning], ['pages-committee', administration], ['pages-support', desk],
  ],
  months: [['agency', agency], ['closing', closing], ['incentives', incentives], ['pages-agency', portal], ['pages-citizen', town], ['pages-wishes', wishes], ['durability', durability]],
};
const PATIENCE = 240_000;

const [given, logs = path.resolve('target/test-logs'), ...wanted] = process.argv.slice(2);
const scratch = given ?? mkdtempSync('/var/tmp/cabildo-journeys.');
mkdirSync(scratch, { recursive: true });
chmodSync(scratch, 0o755);
mkdirSync(logs, { recursive: true });
const shots = fileURLToPath(new URL('./shots/', import.meta.url));
rmSync(shots, { recursive: true, force: true });

const platforms = [];
let passed = 0;
let failed = 0;
let over = false;
let browser;

const clean = (text) => `${text}`.replaceAll(/\u001b\[[0-9;]*m/g, '').trimEnd();

function tell(name, began, faults, notes) {
  if (over) return;
  const seconds = Math.round((Date.now() - began) / 1000);
  if (!faults.length) {
    passed++;
    console.log(`ok    ${name} (${seconds} s)${notes.length === 1 ? `: ${notes[0]}` : ''}`);
  } else {
    failed++;
    const lines = faults.flatMap((fault) => clean(fault).split('\n')).map((line) => `      ${line.slice(0, 240)}`);
    const more = lines.length > 10 ? [...lines.slice(0, 9), `      and ${lines.length - 9} more, see tests/browser/shots/${name}.txt`] : lines;
    console.log([`FAIL  ${name} (${seconds} s)`, ...more].join('\n'));
  }
  const details = [...faults.map((fault) => `fault: ${clean(fault)}`), ...notes];
  if (details.length) writeFileSync(path.join(shots, `${name}.txt`), `${details.join('\n')}\n`);
}

async function journey(name, act, context) {
  const began = Date.now();
  const people = new Visitors(browser, name);
  const notes = [];
  let timer;
  try {
    const late = new Promise((_, failed) => (timer = setTimeout(() => failed(new Error(`not done in ${PATIENCE / 1000} s`)), PATIENCE)));
    await Promise.race([act({ ...context, people, note: (text) => notes.push(text) }), late]);
  } catch (error) {
    people.faults.unshift(clean(error.message).split('\n').slice(0, 6).join('\n') + (people.last ? `\nat ${people.last.url()}` : ''));
    if (people.last) await shot(people.last, `failed-${name}`).catch(() => {});
  }
  clearTimeout(timer);
  await people.close();
  tell(name, began, [...new Set(people.faults)], notes);
}

async function lane(name, journeys) {
  const chosen = journeys.filter(([journey]) => !wanted.length || wanted.includes(journey));
  if (!chosen.length) return;
  const platform = new Platform(name, path.join(scratch, name === 'main' ? 'data' : `data-${name}`), logs);
  platforms.push(platform);
  const shared = {};
  const began = Date.now();
  try {
    await platform.start();
  } catch (error) {
    for (const [journey] of chosen) tell(journey, began, [error.message], []);
    return;
  }
  for (const [journeyName, act, js] of chosen) await journey(journeyName, act, { platform, shared, js });
  await platform.stop();
}

async function clear() {
  await browser?.close().catch(() => {});
  await Promise.all(platforms.map((platform) => platform.clear()));
  if (!given) rmSync(scratch, { recursive: true, force: true });
}

// Whatever breaks, nothing is left running.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.once(event, (error) => {
    over = true;
    console.log(`FAIL  ${clean(error.stack ?? error).split('\n').slice(0, 8).join('\n      ')}`);
    clear().finally(() => {
      console.log(`${passed} passed, ${failed + 1} failed`);
      process.exit(1);
    });
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => clear().finally(() => process.exit(130)));
try {
  browser = await launch();
  await Promise.all(Object.entries(LANES).map(([name, journeys]) => lane(name, journeys)));
} catch (error) {
  failed++;
  console.log(`FAIL  ${clean(error.stack)}`);
} finally {
  await clear();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
