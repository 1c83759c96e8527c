// One file for the three workers of the editor; the page names each worker after the language it serves.
import { initialize } from 'monaco-editor/esm/vs/editor/editor.worker.js';
import 'monaco-editor/esm/vs/language/json/json.worker.js';
import { GraphQLWorker } from 'monaco-graphql/esm/GraphQLWorker.js';

// The import of json.worker.js leaves its own starter in onmessage.
const startJson = globalThis.onmessage;

globalThis.onmessage = (event) => {
  if (globalThis.name === 'json') startJson(event);
  else if (globalThis.name === 'graphql') initialize((context, data) => new GraphQLWorker(context, data));
  else initialize(null);
};
