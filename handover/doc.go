// Package handover is the form in which a firewall that ends hands its live
// sessions over to the one that starts next: a stream of records with a magic, a
// version and a checksum. Writer writes it, Reader reads it; both hold one record
// at a time, however many there are.
//
// What only means something in one process is not in it. Interfaces, services,
// helpers and gateways are numbers into tables of names in the Header; moments
// are told relative to that of writing; numbers of timers are left out. So the
// layout of records in memory and this form may change without each other, and
// only a change of this form raises Version.
//
// A file may be damaged, cut short or not ours at all: Reader takes only what a
// worker could have written, and says at which byte it is not. Whoever must not
// act on half a file reads it twice: see Check.
//
// There is no clock and no file in here.
package handover
