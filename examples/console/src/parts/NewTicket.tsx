import { useMutation } from '@apollo/client/react'
import { putTicket } from '../api/changes'
import { graphql } from '../api/generated'
import type { CreateTicketInput, Priority } from '../api/generated/graphql'
import { useViewer } from '../viewer'
import { Field, FoldedForm } from './Form'
import { Options, priorityLabels } from './labels'

const CreateTicket = graphql(`
  mutation CreateTicket($input: CreateTicketInput!) {
    createTicket(input: $input) {
      ticket {
        ...Ticket
      }
    }
  }
`)

/** Raises a ticket on an interaction, or of a customer without one. */
export function NewTicket({ of }: { of: Pick<CreateTicketInput, 'interactionId' | 'customerId'> }) {
  const viewer = useViewer()
  const [create] = useMutation(CreateTicket, {
    update(cache, { data }) {
      const ticket = data?.createTicket?.ticket
      if (ticket) putTicket(cache, viewer, { kind: 'CREATED', ticketId: ticket.id, ticket })
    },
  })
  const submit = (values: FormData) =>
    create({
      variables: {
        input: {
          ...of,
          description: String(values.get('description')),
          priority: values.get('priority') as Priority,
        },
      },
    })
  return (
    <FoldedForm label="Raise a ticket" submitLabel="Raise" onSubmit={submit}>
      <Field label="Description" name="description">
        {(control) => <textarea {...control} rows={2} required />}
      </Field>
      <Field label="Priority" name="priority">
        {(control) => (
          <select {...control} defaultValue="MEDIUM">
            <Options labels={priorityLabels} />
          </select>
        )}
      </Field>
    </FoldedForm>
  )
}
