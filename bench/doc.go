// Command bench measures the server: it makes data, starts the real server and beside it a hand-written handler of
// the same answers (bench/reference), drives both over HTTP by turns, and prints one line for each case.
//
//	go run ./bench                                   Q1 to Q4, L1 and M1 with 1,000 customers
//	go run ./bench --customers 100000 --cases Q1,Q2  some cases on much data
//	go run ./bench --mixed                           readers' latency with writers and log-ins beside them
//
// Q1 is a page of 50 customers, of each the newest 5 interactions, of each the newest 3 tickets; Q2 one interaction with
// its customer and tickets; Q3 the 20 newest open tickets with their customers' names; Q4 a page like Q1's through edges,
// with fragments, aliases, total counts and a condition; M1 creates a ticket and its event; L1 logs in.
//
// Every run works on copies of the data, one for each server, which begin alike and are removed at the end; the cases that
// write come last. Before a case is timed, the answers of both servers are compared. The figures are medians over the turns;
// CPU time is that of the server's process for a request, with what it still does after the turn's last answer. Processor
// time and memory are read from /proc, so they are zero on systems without it.
package main
