// Package peer holds the programs that stand on either side of the firewall in
// the lab: FTP and TFTP servers and clients, and the traffic generators of the
// benchmark. A network namespace belongs to a thread, so each runs as a process
// of its own: the calling program, started again with "peer NAME" as its first
// arguments. Such a program must call [Main] before anything else.
package peer
