import type { CodegenConfig } from '@graphql-codegen/cli'

/** Reads the schema and the operations in src, and writes types for both to src/api/generated. */
const config: CodegenConfig = {
  schema: '../../schema.graphqls',
  documents: ['src/**/*.{ts,tsx}', '!src/api/generated/**'],
  generates: {
    'src/api/generated/': {
      preset: 'client',
      // Components take fragments as plain types: `TicketFragment` is what a ticket's part needs.
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { DateTime: 'string', EmailAddress: 'string' },
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
    'src/api/generated/possible-types.ts': {
      plugins: ['fragment-matcher'],
      config: { useExplicitTyping: true },
    },
  },
}

export default config
