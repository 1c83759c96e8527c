// Writes every file that the browser asks for into dist/. The same sources and lock file give the same bytes.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import subsetFont from 'subset-font';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, 'node_modules');
const dist = join(here, 'dist');
const written = new Map();

async function emit(name, content) {
  const bytes = Buffer.from(content);
  written.set(name, bytes);
  await writeFile(join(dist, name), bytes);
}

const source = (name) => readFile(join(here, 'src', name));

async function sheet() {
  // Without bundling, esbuild leaves every url() as it is written.
  const { code } = await esbuild.transform(await source('cabildo.css'), { loader: 'css', minify: true });
  await emit('cabildo.css', code);
  await emit('cordillera.svg', await source('cordillera.svg'));
}

// Icelandic and Danish letters are left to the stand-in fonts; they cost 2 KB and no Spanish word has them.
// Neither font has ← → ↕ ▲ ▼ ■ ● ○ ◆ ✓ nor the narrow no-break space.
const range = (from, to) => String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
const HEADINGS = range(0x20, 0x7e) + '\u00a0¡¿°ºª«»·' + range(0xc0, 0xff).replace(/[ÅÆÐ×ØÞßåæð÷øþ]/g, '') + '–—‘’“”•…€−';
const TEXT = HEADINGS + '§×²↑↓';

async function font(name, glyphs, weights) {
  const file = join(modules, '@fontsource-variable', name, 'files', `${name}-latin-wght-normal.woff2`);
  await emit(
    `${name}.woff2`,
    await subsetFont(await readFile(file), glyphs, {
      targetFormat: 'woff2',
      variationAxes: { wght: weights },
      // Tabular figures stay. Kerning alone would add 7 KB to the two files.
      keepFeatures: ['tnum'],
      noHinting: true,
      dropTables: ['cvar', 'cvt ', 'fpgm', 'prep', 'gasp', 'MVAR', 'STAT', 'GDEF'],
    }),
  );
}

const common = { bundle: true, minify: true, write: false, metafile: true, legalComments: 'none', logLevel: 'warning', absWorkingDir: here };

async function script() {
  const { outputFiles } = await esbuild.build({ ...common, entryPoints: ['src/cabildo.js'], format: 'iife', target: 'es2019' });
  await emit('cabildo.js', outputFiles[0].contents);
}

// GraphiQL's sheet carries its fonts and pictures as data: addresses, which the content policy refuses.
// The icon font becomes a file of its own; the text fonts give way to the reader's own.
const graphiqlSheet = {
  name: 'graphiql-sheet',
  setup(build) {
    build.onLoad({ filter: /\/graphiql\/dist\/style\.css$/ }, async ({ path }) => {
      const css = await readFile(path, 'utf8');
      const icons = /url\("?data:font\/ttf;base64,([^)"]+)"?\)(\s*format\(['"]?truetype['"]?\))?/;
      const [, base64] = icons.exec(css);
      await emit('graphiql-icons.woff2', await subsetFont(Buffer.from(base64, 'base64'), undefined, { keepAllGlyphs: true, targetFormat: 'woff2' }));
      const contents = css
        .replace(icons, 'url(graphiql-icons.woff2) format("woff2")')
        .replace(/@font-face\s*\{[^}]*url\("?data:font[^}]*\}/g, '')
        .replace(/url\("?data:image[^)]*\)/g, 'none');
      return { contents, loader: 'css' };
    });
    // The sheet above already holds what the editor's modules import piece by piece.
    build.onLoad({ filter: /\/monaco-editor\/.*\.css$/ }, () => ({ contents: '', loader: 'empty' }));
  },
};

async function graphiql() {
  const options = {
    ...common,
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['*.woff2'],
    plugins: [graphiqlSheet],
    outdir: dist,
  };
  const page = await esbuild.build({ ...options, entryPoints: ['src/graphiql.js'], format: 'esm' });
  const worker = await esbuild.build({ ...options, entryPoints: ['src/graphiql.worker.js'], format: 'iife' });
  for (const file of [...page.outputFiles, ...worker.outputFiles]) {
    await emit(file.path.slice(dist.length + 1), file.contents);
  }
  return [...Object.keys(page.metafile.inputs), ...Object.keys(worker.metafile.inputs)];
}

async function robots() {
  const list = JSON.parse(await readFile(join(modules, 'crawler-user-agents/crawler-user-agents.json')));
  await emit('robots.json', JSON.stringify(list.map((robot) => robot.pattern), null, 1) + '\n');
}

// The licences of what is shipped travel with it.
async function licences(inputs) {
  const names = new Set(['@fontsource-variable/work-sans', '@fontsource-variable/montserrat', 'crawler-user-agents']);
  for (const input of inputs) {
    const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) names.add(found[1]);
  }
  const parts = [];
  for (const name of [...names].sort()) {
    const folder = join(modules, name);
    const { version, license } = JSON.parse(await readFile(join(folder, 'package.json')));
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file)).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    parts.push([`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n'));
  }
  await emit('licencias.txt', parts.join(`\n\n${'='.repeat(72)}\n\n`) + '\n');
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const [inputs] = await Promise.all([
  graphiql(),
  sheet(),
  script(),
  robots(),
  font('work-sans', TEXT, { min: 400, max: 600 }),
  // Montserrat has a master near 548: a range that starts above it needs one set of deltas instead of three, 8 KB less.
  font('montserrat', HEADINGS, { min: 549, max: 700 }),
]);
await licences(inputs);

const manifest = {};
for (const name of [...written.keys()].sort()) {
  const bytes = written.get(name);
  manifest[name] = { file: name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
await writeFile(join(dist, 'manifest.json'), JSON.stringify(manifest, null, 1) + '\n');
