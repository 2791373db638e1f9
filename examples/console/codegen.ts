import type { CodegenConfig } from '@graphql-codegen/cli'

/** Generates types for the schema and the operations in src, in src/api/generated. */
const config: CodegenConfig = {
  schema: '../../schema.graphqls',
  documents: ['src/**/*.{ts,tsx}', '!src/api/generated/**'],
  generates: {
    'src/api/generated/': {
      preset: 'client',
      // Components use fragments as plain types, such as `TicketFragment`.
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
