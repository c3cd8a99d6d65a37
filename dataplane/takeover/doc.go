// Package takeover keeps the Linux kernel out of the way of a device that the
// firewall serves, and puts everything back as it was found.
//
// The kernel keeps receiving: packet taps see every frame before it is dropped.
// But nothing behind them does, so the kernel neither answers nor forwards.
package takeover
