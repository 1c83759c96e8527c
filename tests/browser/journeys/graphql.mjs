// The GraphQL-over-HTTP audits of graphql-http: no error, no warning; notices are listed.
import { auditServer } from 'graphql-http';
import { check } from '../lib/check.mjs';
import { fetchAs } from '../lib/http.mjs';

export async function graphql({ platform, note }) {
  const results = await auditServer({ url: `http://127.0.0.1:${platform.port}/graphql`, fetchFn: fetchAs(platform, 'chipaque-cundinamarca') });
  const told = (status) => results.filter((result) => result.status === status);
  for (const { id, name, reason } of told('notice')) note(`notice ${id}: ${name}: ${reason}`);
  const wrong = [...told('error'), ...told('warn')].map((result) => `${result.status} ${result.id} ${result.name}: ${result.reason}`);
  check(results.length > 50 && !wrong.length, [`${wrong.length} of ${results.length} audits do not hold`, ...wrong].join('\n'));
  note(`${told('ok').length} of ${results.length} audits hold, ${told('notice').length} notices`);
}
