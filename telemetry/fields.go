package telemetry

import (
	"strconv"

	"portcullis/packet"
)

// fields is a line under construction.
type fields []byte

// key opens the next field.
func (f *fields) key(name string) {
	if n := len(*f); n > 0 && (*f)[n-1] != '\n' {
		*f = append(*f, ' ')
	}
	*f = append(*f, name...)
	*f = append(*f, '=')
}

// bare adds a field whose value needs no quotes.
func (f *fields) bare(name, value string) {
	f.key(name)
	*f = append(*f, value...)
}

// text adds a quoted field. Whatever value holds, it stays within the quotes and
// on the line.
func (f *fields) text(name, value string) {
	f.key(name)
	*f = strconv.AppendQuote(*f, value)
}

func (f *fields) uint(name string, value uint64) {
	f.key(name)
	*f = strconv.AppendUint(*f, value, 10)
}

func (f *fields) int(name string, value int64) {
	f.key(name)
	*f = strconv.AppendInt(*f, value, 10)
}

// endpoint adds an address and, where the protocol has them, a port.
func (f *fields) endpoint(ipName, portName string, proto uint8, addr packet.Addr, port uint16) {
	f.key(ipName)
	*f = addr.Netip().AppendTo(*f)
	if hasPorts(proto) {
		f.uint(portName, uint64(port))
	}
}

func hasPorts(proto uint8) bool {
	return proto == packet.ProtoTCP || proto == packet.ProtoUDP || proto == packet.ProtoSCTP
}
