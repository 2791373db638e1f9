import { useApolloClient, useQuery } from '@apollo/client/react'
import { LogInProviders, leaveFor } from '../api/providers'
import type { Side } from '../api/session'
import { Form } from './Form'

/** A button for each identity provider that one side can log in with. */
export function ProviderButtons({ side }: { side: Side }) {
  const client = useApolloClient()
  const { data } = useQuery(LogInProviders)
  const audience = side === 'staff' ? 'USER' : 'CUSTOMER'
  const providers = data?.logInProviders.filter(({ audiences }) => audiences.includes(audience)) ?? []
  return providers.map(({ name, label }) => (
    <Form
      key={name}
      label={`Log in with ${label}`}
      submitLabel={`Log in with ${label}`}
      onSubmit={() => leaveFor(client, name, side)}
    >
      {null}
    </Form>
  ))
}
