import { useAddress } from '../address'
import { CustomerDetails } from '../parts/CustomerDetails'
import { CustomerList } from '../parts/CustomerList'

/** The customers, and the details of one of them. */
export function StaffScreen() {
  const { customer } = useAddress()
  return (
    <main className="split">
      <CustomerList chosen={customer} />
      {customer ? <CustomerDetails key={customer} id={customer} /> : <p className="empty">Choose a customer.</p>}
    </main>
  )
}
