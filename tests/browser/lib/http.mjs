// Plain HTTP and GraphQL. Node does not resolve *.localhost: the connection goes to 127.0.0.1, the name into the Host header.
import http from 'node:http';

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

/** A request to a host of the platform; redirects are not followed. */
export function send(platform, slug, address, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((done, failed) => {
    const options = { host: '127.0.0.1', port: platform.port, path: address, method, agent, headers: { host: platform.host(slug), ...headers } };
    if (body !== undefined) options.headers['content-length'] = Buffer.byteLength(body);
    const request = http.request(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', failed);
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString('utf8') }));
    });
    request.setTimeout(30_000, () => request.destroy(new Error(`no answer in 30 s: ${address}`)));
    request.on('error', failed);
    request.end(body);
  });
}

/** A form as a browser sends it. */
export const post = (platform, slug, address, fields) =>
  send(platform, slug, address, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() });

/** A GraphQL operation; throws on `errors`. */
export async function ask(platform, slug, query, variables = {}, cookie = '') {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...(cookie && { cookie }) };
  const answer = await send(platform, slug, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  let told;
  try {
    told = JSON.parse(answer.text);
  } catch {
    throw new Error(`/graphql answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  }
  if (told.errors?.length) throw new Error(told.errors.map((error) => `${error.extensions?.code}: ${error.message}`).join('; '));
  return { data: told.data, cookie: (answer.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ') };
}

/** Signs in over the API; gives the cookie. */
export async function session(platform, slug, { email, password }) {
  const query = 'mutation ($input: SignInInput!) { signIn(input: $input) { viewer { name } userErrors { message } } }';
  const { data, cookie } = await ask(platform, slug, query, { input: { email, password } });
  if (!data.signIn.viewer) throw new Error(`${email} could not sign in: ${JSON.stringify(data.signIn.userErrors)}`);
  return cookie;
}

/** `fetch` for the GraphQL-over-HTTP audits: the host of the municipality at the platform's own address. */
export const fetchAs = (platform, slug) => async (url, init = {}) => {
  const { pathname, search } = new URL(url);
  const headers = Object.fromEntries(new Headers(init.headers));
  const { status, headers: told, text } = await send(platform, slug, pathname + search, { method: init.method ?? 'GET', headers, body: init.body ?? undefined });
  const flat = Object.entries(told).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new Response([204, 304].includes(status) ? null : text, { status, headers: flat });
};
