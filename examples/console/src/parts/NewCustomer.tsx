import { useMutation } from '@apollo/client/react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { Field, FoldedForm } from './Form'

const CreateCustomer = graphql(`
  mutation CreateCustomer($input: CreateCustomerInput!) {
    createCustomer(input: $input) {
      customer {
        id
      }
    }
  }
`)

/** Creates a customer, and shows them. A caller has no address, and may have only a telephone number. */
export function NewCustomer() {
  const [create] = useMutation(CreateCustomer, { refetchQueries: ['Customers'] })

  async function submit(values: FormData) {
    const { data } = await create({
      variables: {
        input: {
          name: String(values.get('name')) || null,
          email: String(values.get('email')) || null,
          phone: String(values.get('phone')) || null,
          company: String(values.get('company')) || null,
        },
      },
    })
    if (data?.createCustomer) window.location.hash = addressOf('staff', data.createCustomer.customer.id)
  }

  return (
    <FoldedForm label="New customer" submitLabel="Create" onSubmit={submit}>
      <Field label="Name" name="name">
        {(control) => <input {...control} />}
      </Field>
      <Field label="E-mail" name="email">
        {(control) => <input {...control} type="email" />}
      </Field>
      <Field label="Telephone" name="phone">
        {(control) => <input {...control} type="tel" />}
      </Field>
      <Field label="Company" name="company">
        {(control) => <input {...control} />}
      </Field>
    </FoldedForm>
  )
}
