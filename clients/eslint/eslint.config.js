// The recommended rules of graphql-eslint for schemas, those for Relay, and some for this schema's own conventions.
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

      // Short descriptions are on one line.
      '@graphql-eslint/description-style': 'off',
      // Connections also have the shortcut `nodes`.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      // Only Nodes have an id. These are parts of a response.
      '@graphql-eslint/strict-id-in-types': ['error', {
        exceptions: {
          types: ['PageInfo', 'Tokens', 'TwoFactorChallenge', 'TwoFactorState', 'LogInProvider', 'DeliveryFailure', 'MailHealth', 'TicketDraft', 'EarlierText', 'ExternalAddress', 'MessageSource', 'TicketMessageAdded'],
          suffixes: ['Change', 'Connection', 'Edge', 'Payload'],
        },
      }],
    },
  },
];
