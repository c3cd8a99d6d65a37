// Package afpacket is a dataplane.Port on a Linux network device: a packet
// socket with a TPACKET_V2 receive ring, sendmmsg for sending, and virtio-net
// headers both ways, so that super-packets pass whole.
package afpacket
