// graphql-eslint finds no problems in the schema except those that eslint.config.js explains.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { ESLint } from 'eslint';

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));

test('graphql-eslint finds nothing in the schema', async () => {
  const eslint = new ESLint({ cwd: pathOf('../..'), overrideConfigFile: pathOf('eslint.config.js') });
  const results = await eslint.lintFiles(['schema.graphqls']);
  assert.equal(results.length, 1);
  assert.deepEqual(results[0].messages.map(({ line, ruleId, message }) => `${line} ${ruleId}: ${message}`), []);
});
