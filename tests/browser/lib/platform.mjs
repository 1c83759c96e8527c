// A platform of our own: the debug binary, a fresh data folder, a free port; stopped by its process id.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const binary = process.env.JOURNEYS_BINARY ?? path.join(root, 'target/debug/cabildo');
// What is set for others must not reach our platforms: an unknown CABILDO_* key is refused.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CABILDO_')));
const READY = 'Cabildo está en marcha';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const bindable = (port) =>
  new Promise((done) => {
    const server = net.createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/** A port that is free, and whose metrics port (1,000 above) is free too; below the range of outgoing connections. */
async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = 20000 + Math.floor(Math.random() * 9000);
    if ((await bindable(port)) && (await bindable(port + 1000))) return port;
  }
  throw new Error('no free port');
}

export function alive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function gone(pids, ms) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (!pids.some(alive)) return true;
  return !pids.some(alive);
}

export class Platform {
  constructor(name, data, logs) {
    Object.assign(this, { name, data, log: path.join(logs, `journeys-${name}.log`), servers: new Set() });
    mkdirSync(data, { recursive: true });
  }

  /** Starts it, again on the same port if it ran before. */
  async start() {
    this.port ??= await freePort();
    const log = createWriteStream(this.log, { flags: this.child ? 'a' : 'w' });
    const child = spawn(binary, ['--data', this.data, 'up', '--port', `${this.port}`, '--packs', 'tenants'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
    let told = '';
    const ready = new Promise((done, failed) => {
      child.stdout.on('data', (text) => {
        told += text;
        if (told.includes(READY)) done();
      });
      child.stderr.on('data', (text) => (told += text));
      child.once('error', failed);
      this.ended.then(({ code, signal }) => failed(new Error(`cabildo up ended (${code ?? signal}): ${told.trim().split('\n').slice(-3).join(' / ')}`)));
      setTimeout(() => failed(new Error(`cabildo up was not ready in 120 s, see ${this.log}`)), 120_000).unref();
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    await ready;
    this.accounts = JSON.parse(readFileSync(path.join(this.data, 'accounts.json'), 'utf8'));
    this.servers.add(this.postmaster());
    return this;
  }

  /** The process id of its PostgreSQL: the one child of that name. */
  postmaster() {
    const children = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8').trim().split(' ').map(Number);
    const of = readdirSync(`/proc/${this.child.pid}/task`).flatMap((task) => {
      try {
        return readFileSync(`/proc/${this.child.pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
      } catch {
        return [];
      }
    });
    const found = [...children, ...of].find((pid) => pid && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres');
    if (!found) throw new Error('the platform has no PostgreSQL of its own');
    return found;
  }

  /** Processes that work in the data folder, or in its cluster wherever that lies. */
  remains() {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map(Number).filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return pid !== process.pid && (command.some((word) => word === this.data || word.startsWith(`${this.data}/`)) || readlinkSync(`/proc/${pid}/cwd`).startsWith(`${this.data}/`));
      } catch {
        return false;
      }
    }).filter(alive);
  }

  /** kill -9 of cabildo, and of its PostgreSQL if asked. */
  async kill({ postgres = false } = {}) {
    const pids = [this.child.pid, ...(postgres ? [this.postmaster()] : [])];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    if (!(await gone(pids, 10_000))) throw new Error('kill -9 did not end the process');
    await this.ended;
  }

  /** SIGTERM, then the wait for everything to end. */
  async stop() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return null;
    this.child.kill('SIGTERM');
    const ended = await Promise.race([this.ended, sleep(45_000).then(() => null)]);
    if (!ended) this.child.kill('SIGKILL');
    return ended;
  }

  /** Leaves nothing behind, whatever happened. */
  async clear() {
    await this.stop();
    for (const pid of this.servers) {
      try {
        if (alive(pid) && readlinkSync(`/proc/${pid}/cwd`).includes('/postgres')) process.kill(pid, 'SIGINT');
      } catch {}
    }
  }

  account(role, host = '') {
    const found = this.accounts.find((account) => account.role === role && account.host.startsWith(host));
    if (!found) throw new Error(`accounts.json has no ${role} ${host}`);
    return found;
  }

  host(slug) {
    return `${slug ? `${slug}.` : ''}localhost:${this.port}`;
  }

  url(slug, address = '/') {
    return `http://${this.host(slug)}${address}`;
  }

  /** The command line on the same data folder. */
  run(...words) {
    const { status, stdout, stderr } = spawnSync(binary, ['--data', this.data, ...words], { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
    return { status, out: stdout.trim(), err: stderr.trim() };
  }
}
