import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './graphiql.css';

const root = document.getElementById('graphiql');
// The page may give the worker's own address; otherwise it lies beside this file, under the same version.
const own = new URL(import.meta.url);
const worker = root.dataset.worker ? new URL(root.dataset.worker, document.baseURI) : new URL(`graphiql.worker.js${own.search}`, own);

globalThis.MonacoEnvironment = { getWorker: (_, label) => new Worker(worker, { name: label }) };

async function fetcher(request, { headers } = {}) {
  const answer = await fetch('/graphql', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json;q=0.9' },
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `${answer.status} ${answer.statusText}`.trim() + (text ? `: ${text.slice(0, 500)}` : '') }] };
  }
}

const defaultQuery = `# Explorador de GraphQL de Cabildo.
# Ctrl+Intro ejecuta la consulta.
# El libro de la izquierda abre la documentación.

{
  municipality {
    name
    department {
      name
    }
    population
  }
}
`;

root.lang = 'en';
root.replaceChildren();
createRoot(root).render(createElement(GraphiQL, { fetcher, defaultQuery, forcedTheme: 'light' }));
