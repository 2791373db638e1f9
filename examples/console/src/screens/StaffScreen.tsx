import { useAddress } from '../address'
import { CustomerDetails } from '../parts/CustomerDetails'
import { CustomerList } from '../parts/CustomerList'

/** The customers, and the details of one of them; a narrow screen shows one or the other. */
export function StaffScreen() {
  const { customer } = useAddress()
  return (
    <main className={customer ? 'split chosen' : 'split'}>
      <CustomerList chosen={customer} />
      {customer ? <CustomerDetails key={customer} id={customer} /> : <p className="empty">Choose a customer.</p>}
    </main>
  )
}
