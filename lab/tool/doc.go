// Package tool starts programs of the system in the lab: the FTP servers and
// clients, and the STUN server and client, that the firewall is proven against.
// Where one is missing, [Find] says so, and whoever asked decides whether that
// is a failure.
package tool
