import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import subsetFont from 'subset-font';

const file = (name) => readFileSync(new URL(`../dist/${name}`, import.meta.url));
const text = (name) => file(name).toString('utf8');
const gzip = (name) => gzipSync(file(name), { level: 9 }).length;

const FILES = [
  'cabildo.css',
  'cabildo.js',
  'cordillera.svg',
  'graphiql-icons.woff2',
  'graphiql.css',
  'graphiql.js',
  'graphiql.worker.js',
  'licencias.txt',
  'montserrat.woff2',
  'robots.json',
  'work-sans.woff2',
];

test('the manifest names every file with its size and hash', () => {
  const manifest = JSON.parse(text('manifest.json'));
  assert.deepEqual(Object.keys(manifest), FILES);
  assert.deepEqual(readdirSync(new URL('../dist/', import.meta.url)).sort(), [...FILES, 'manifest.json'].sort());
  for (const name of FILES) {
    const bytes = file(name);
    assert.ok(bytes.length > 0);
    assert.deepEqual(manifest[name], { file: name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
});

test('what a first visit carries stays small', () => {
  assert.ok(gzip('cabildo.css') <= 9 * 1024, `cabildo.css: ${gzip('cabildo.css')}`);
  assert.ok(gzip('cabildo.js') <= 3 * 1024, `cabildo.js: ${gzip('cabildo.js')}`);
  const fonts = file('work-sans.woff2').length + file('montserrat.woff2').length;
  assert.ok(fonts <= 25_000, `fonts: ${fonts}`);
});

// Reads the character map (format 4) and the range of weights of a plain sfnt.
function inspect(sfnt) {
  const tables = {};
  for (let i = 0; i < sfnt.readUInt16BE(4); i++) {
    const at = 12 + i * 16;
    tables[sfnt.toString('latin1', at, at + 4)] = sfnt.readUInt32BE(at + 8);
  }
  const covered = new Set();
  for (let i = 0; i < sfnt.readUInt16BE(tables.cmap + 2); i++) {
    const map = tables.cmap + sfnt.readUInt32BE(tables.cmap + 4 + i * 8 + 4);
    if (sfnt.readUInt16BE(map) !== 4) continue;
    const twice = sfnt.readUInt16BE(map + 6);
    for (let s = 0; s < twice; s += 2) {
      const last = sfnt.readUInt16BE(map + 14 + s);
      const first = sfnt.readUInt16BE(map + 16 + twice + s);
      const delta = sfnt.readUInt16BE(map + 16 + 2 * twice + s);
      const slot = map + 16 + 3 * twice + s;
      const offset = sfnt.readUInt16BE(slot);
      for (let code = first; code <= last && code < 0xffff; code++) {
        const glyph = offset ? sfnt.readUInt16BE(slot + offset + 2 * (code - first)) : code;
        if (glyph && (glyph + delta) & 0xffff) covered.add(code);
      }
    }
  }
  const axis = tables.fvar + sfnt.readUInt16BE(tables.fvar + 4);
  return { covered, weights: [sfnt.readInt32BE(axis + 4) / 65536, sfnt.readInt32BE(axis + 12) / 65536] };
}

for (const [name, weights, marks] of [
  ['work-sans', [400, 600], '§×²↑↓'],
  ['montserrat', [549, 700], ''],
]) {
  test(`${name} has the letters of Spanish and the weights in use`, async () => {
    const plain = await subsetFont(file(`${name}.woff2`), undefined, { keepAllGlyphs: true, targetFormat: 'truetype' });
    const { covered, weights: found } = inspect(plain);
    const basic = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    const missing = [...`${basic}áéíóúüñÁÉÍÓÚÜÑ¿¡°ºª«»–—‘’“”•…€−\u00a0${marks}`].filter((c) => !covered.has(c.codePointAt(0)));
    assert.deepEqual(missing, []);
    assert.deepEqual(found, weights);
  });
}

test('the sheets ask for files of this folder only', () => {
  for (const name of ['cabildo.css', 'graphiql.css']) {
    const css = text(name);
    assert.doesNotMatch(css, /@import/);
    const addresses = [...css.matchAll(/url\(\s*["']?([^"')]+)/g)].map((found) => found[1]).filter((address) => !address.startsWith('#'));
    assert.ok(addresses.length > 0);
    for (const address of addresses) assert.ok(FILES.includes(address), `${name}: ${address.slice(0, 60)}`);
  }
  assert.match(text('cabildo.css'), /^@layer reset,tokens,base,layout,components,utilities,print;/);
  assert.equal(text('cabildo.css').match(/font-display:optional/g).length, 2);
});

test('no script loads anything from another host', () => {
  assert.doesNotMatch(text('cabildo.js'), /https?:/);
  for (const name of ['graphiql.js', 'graphiql.worker.js']) {
    const code = text(name);
    assert.doesNotMatch(code, /esm\.sh|unpkg\.com|jsdelivr|cdnjs|skypack|googleapis|gstatic|cdn\.[a-z]/i, name);
    assert.doesNotMatch(code, /(?:\bimport|\bfrom|\bimport\(|\bimportScripts\(|\bfetch\(|new (?:Shared)?Worker\(|new URL\()\s*["'`](?:https?:)?\/\//, name);
    assert.doesNotMatch(code, /^import |;import[ {"*]/m, name);
  }
});

test('the robots are patterns', () => {
  const robots = JSON.parse(text('robots.json'));
  assert.ok(robots.length > 1000);
  for (const pattern of robots) assert.ok(new RegExp(pattern));
  const any = robots.map((pattern) => new RegExp(pattern));
  const known = (agent) => any.some((pattern) => pattern.test(agent));
  assert.ok(known('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'));
  assert.ok(!known('Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36'));
});

test('the lock names no host and only licences that permit', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url)));
  // argparse (PSF) serves the command lines of markdown-it and wawoff2 and is not shipped.
  const permitted = /^(MIT|ISC|0BSD|BSD-[0-9]-Clause|Apache-2\.0|OFL-1\.1|\(MIT AND Zlib\))$/;
  for (const [path, { resolved, license }] of Object.entries(packages)) {
    if (!path) continue;
    assert.equal(resolved, undefined, path);
    if (!path.endsWith('/argparse')) assert.match(license, permitted, path);
  }
  assert.doesNotMatch(text('licencias.txt'), /^argparse /m);
});
