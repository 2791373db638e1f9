import { useMutation } from '@apollo/client/react'
import { putTicket } from '../api/changes'
import { graphql } from '../api/generated'
import type { CreateTicketInput, Priority } from '../api/generated/graphql'
import { useUploads } from '../uploads'
import { useViewer } from '../viewer'
import { Attach } from './Attach'
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
  const files = useUploads()

  async function submit(values: FormData) {
    await create({
      variables: {
        input: {
          ...of,
          description: String(values.get('description')),
          priority: values.get('priority') as Priority,
          attachments: files.ids,
        },
      },
    })
    files.clear()
  }

  return (
    <FoldedForm label="Raise a ticket" submitLabel="Raise" isWaiting={files.isBusy} onSubmit={submit}>
      <Attach files={files}>
        <Field label="Description" name="description">
          {(control) => <textarea {...control} rows={2} required />}
        </Field>
      </Attach>
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
