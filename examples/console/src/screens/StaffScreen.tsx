import { useAddress } from '../address'
import { CustomerDetails } from '../parts/CustomerDetails'
import { CustomerList } from '../parts/CustomerList'
import { AccountScreen } from './AccountScreen'
import { ApiKeysScreen } from './ApiKeysScreen'
import { InvitationsScreen } from './InvitationsScreen'
import { TicketScreen } from './TicketScreen'
import { TicketsScreen } from './TicketsScreen'

/** The pages of the staff, besides their records. */
export const staffPages = [
  { label: 'Customers', page: undefined },
  { label: 'Tickets', page: 'tickets' },
  { label: 'Invitations', page: 'invitations' },
  { label: 'API keys', page: 'keys' },
] as const

export function StaffScreen() {
  const { open } = useAddress()
  if (open?.startsWith('tkt_')) return <TicketScreen key={open} id={open} />
  if (open === 'tickets') return <TicketsScreen />
  if (open === 'invitations') return <InvitationsScreen />
  if (open === 'account') return <AccountScreen />
  if (open === 'keys') return <ApiKeysScreen />
  return <CustomersScreen customer={open?.startsWith('cus_') ? open : undefined} />
}

/** The customers, and the details of one of them; a narrow screen shows one or the other. */
function CustomersScreen({ customer }: { customer: string | undefined }) {
  return (
    <main className={customer ? 'split chosen' : 'split'}>
      <CustomerList chosen={customer} />
      {customer ? <CustomerDetails key={customer} id={customer} /> : <p className="empty">Choose a customer.</p>}
    </main>
  )
}
