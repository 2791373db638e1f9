import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { Role } from '../api/generated/graphql'
import { useViewer } from '../viewer'
import { Field, FoldedForm } from './Form'
import { Options, roleLabels } from './labels'

const CreateApiKey = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      key
    }
  }
`)

/** Creates an API key, which is told once. */
export function NewApiKey({ onCreated }: { onCreated: (key: string) => void }) {
  const viewer = useViewer()
  // The key must not get into the cache.
  const [create] = useMutation(CreateApiKey, { fetchPolicy: 'no-cache', refetchQueries: ['ApiKeys'] })

  async function submit(values: FormData) {
    const end = String(values.get('expiresAt'))
    const { data } = await create({
      variables: {
        input: {
          name: String(values.get('name')),
          role: values.get('role') as Role | null,
          readOnly: values.has('readOnly'),
          allowedNetworks: String(values.get('allowedNetworks')).match(/[^\s,]+/g),
          expiresAt: end ? new Date(end).toISOString() : null,
        },
      },
    })
    if (data?.createApiKey) onCreated(data.createApiKey.key)
  }

  return (
    <FoldedForm label="New key" submitLabel="Create" onSubmit={submit}>
      <Field label="Name: what it is for" name="name">
        {(control) => <input {...control} required />}
      </Field>
      {viewer.__typename === 'User' && viewer.role === 'ADMIN' && (
        <Field label="At most the rights of" name="role">
          {(control) => (
            <select {...control}>
              <Options labels={roleLabels} />
            </select>
          )}
        </Field>
      )}
      <Field label="It only reads" name="readOnly">
        {(control) => <input {...control} type="checkbox" />}
      </Field>
      <div className="row">
        <Field label="Ends (empty: never)" name="expiresAt">
          {(control) => <input {...control} type="datetime-local" />}
        </Field>
        <Field label="Only from these networks" name="allowedNetworks">
          {(control) => <input {...control} placeholder="192.0.2.0/24, 2001:db8::/32" />}
        </Field>
      </div>
    </FoldedForm>
  )
}
