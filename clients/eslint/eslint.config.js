// The recommended rules of graphql-eslint for schemas, those for Relay, and some that say what this schema does anyway.
import { fileURLToPath } from 'node:url';
import plugin from '@graphql-eslint/eslint-plugin';

const schema = fileURLToPath(new URL('../../schema.graphqls', import.meta.url));

export default [
  {
    files: ['**/*.graphqls'],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': plugin },
    rules: {
      ...plugin.configs['flat/schema-recommended'].rules,
      ...plugin.configs['flat/schema-relay'].rules,
      '@graphql-eslint/input-name': 'error',
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
      '@graphql-eslint/require-type-pattern-with-oneof': 'error',

      // Short descriptions stand in one line here.
      '@graphql-eslint/description-style': 'off',
      // Connections have the shortcut `nodes` besides `edges`.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      // Only what is a Node has an id. These are parts of an answer.
      '@graphql-eslint/strict-id-in-types': ['error', {
        exceptions: {
          types: ['PageInfo', 'Tokens', 'DeliveryFailure'],
          suffixes: ['Change', 'Connection', 'Edge', 'Payload'],
        },
      }],
    },
  },
];
