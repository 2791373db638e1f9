import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { Role } from '../api/generated/graphql'
import { Field, FoldedForm } from './Form'
import { Options, roleLabels } from './labels'

const InviteUser = graphql(`
  mutation InviteUser($input: InviteUserInput!) {
    inviteUser(input: $input) {
      user {
        id
      }
    }
  }
`)

/** Invites a member of the staff. */
export function InviteUserForm() {
  const [invite] = useMutation(InviteUser, { refetchQueries: ['InvitedUsers'], awaitRefetchQueries: true })
  const submit = (values: FormData) =>
    invite({
      variables: {
        input: {
          email: String(values.get('email')),
          name: String(values.get('name')) || null,
          role: values.get('role') as Role,
        },
      },
    })
  return (
    <FoldedForm label="Invite a colleague" submitLabel="Invite" onSubmit={submit}>
      <Field label="E-mail" name="email">
        {(control) => <input {...control} type="email" required />}
      </Field>
      <Field label="Name" name="name">
        {(control) => <input {...control} />}
      </Field>
      <Field label="Role" name="role">
        {(control) => (
          <select {...control}>
            <Options labels={roleLabels} />
          </select>
        )}
      </Field>
    </FoldedForm>
  )
}
