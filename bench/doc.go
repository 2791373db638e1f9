// Command bench measures the server: it creates data, starts the real server and a hand-written handler with the same
// responses (bench/reference), sends requests to both in alternating turns, and prints one line for each case.
//
//	go run ./bench                                   Q1 to Q4, L1 and M1 with 1,000 customers
//	go run ./bench --customers 100000 --cases Q1,Q2  some cases on more data
//	go run ./bench --mixed                           readers' latency during writes and log-ins
//
// Q1 is a page of 50 customers with the newest 5 interactions each, and the newest 3 tickets on each of these; Q2 one
// interaction with its customer and tickets; Q3 the 20 newest open tickets with their customers' names; Q4 a page like Q1's
// with edges, fragments, aliases, total counts and a condition; M1 creates a ticket and its event; L1 logs in.
//
// Each server has its own copy of the data, which is removed at the end; the cases that write run last. Before a case is
// timed, the responses of both servers are compared. The figures are medians over the turns. CPU time is the server's
// processor time per request, including work after the turn's last response. Processor time and memory are read from /proc,
// so they are zero on systems without it.
package main
