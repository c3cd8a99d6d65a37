package packettest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// TCP options (RFC 9293, RFC 7323, RFC 2018), each written with the padding
// that senders put around it.
const (
	optNop   = 1
	optMSS   = 2
	optScale = 3
	optSACKO = 4
	optSACK  = 5
	optTS    = 8
)

// tcpWord reads a word of a TCP header.
func (p *parser) tcpWord(w string) (done bool, err error) {
	t := &p.l.tcp
	be := binary.BigEndian
	switch w {
	case "seq":
		err = p.number(&t.seq)
	case "ack":
		err = p.number(&t.ack)
	case "win":
		err = p.number(&t.win)
	case "urg":
		err = p.number(&t.urg)
	case "mss":
		var n uint16
		err = p.number(&n)
		t.opts = be.AppendUint16(append(t.opts, optMSS, 4), n)
	case "ws":
		var n uint8
		err = p.number(&n)
		t.opts = append(t.opts, optNop, optScale, 3, n)
	case "sackok":
		t.opts = append(t.opts, optNop, optNop, optSACKO, 2)
	case "ts":
		var a, b uint32
		_, err = fmt.Sscanf(p.next(), "%d/%d", &a, &b)
		t.opts = append(t.opts, optNop, optNop, optTS, 10)
		t.opts = be.AppendUint32(be.AppendUint32(t.opts, a), b)
	case "sack":
		err = p.sack()
	case "opt":
		var b []byte
		b, err = p.hex()
		t.opts = append(t.opts, b...)
	default:
		flags, ok := flagWord(w)
		if !ok {
			return false, nil
		}
		t.flags = flags
	}
	return true, wrap(w, err)
}

// sack reads "1-20,30-40".
func (p *parser) sack() error {
	blocks := strings.Split(p.next(), ",")
	o := []byte{optNop, optNop, optSACK, byte(2 + 8*len(blocks))}
	for _, b := range blocks {
		l, r, ok := strings.Cut(b, "-")
		left, err := strconv.ParseUint(l, 10, 32)
		right, err2 := strconv.ParseUint(r, 10, 32)
		if !ok || err != nil || err2 != nil {
			return fmt.Errorf("%q: expected left-right", b)
		}
		o = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(o, uint32(left)), uint32(right))
	}
	p.l.tcp.opts = append(p.l.tcp.opts, o...)
	return nil
}

// icmpWord reads a word of an ICMP header.
func (p *parser) icmpWord(w string) (done bool, err error) {
	m := &p.l.icmp
	var n uint16
	switch w {
	case "type":
		err = p.number(&m.typ)
	case "code":
		err = p.number(&m.code)
	case "id":
		err = p.number(&n)
		m.rest = m.rest&0xffff | uint32(n)<<16
	case "seq":
		err = p.number(&n)
		m.rest = m.rest&^0xffff | uint32(n)
	case "mtu":
		err = p.number(&m.rest)
	case "rest":
		var b []byte
		if b, err = p.hex(); err == nil && len(b) == 4 {
			m.rest = binary.BigEndian.Uint32(b)
		}
	case "about":
		inner := p.next()
		if len(inner) < 2 || inner[0] != '{' {
			return true, fmt.Errorf("about: expected {LINE}")
		}
		m.about, err = parse(inner[1 : len(inner)-1])
	default:
		name := icmpByWord(p.l.proto, w)
		if name == nil {
			return false, nil
		}
		m.typ = name.typ
		if len(p.words) > 0 {
			if c := slices.Index(name.codes, p.words[0]); c >= 0 {
				m.code = uint8(c)
				p.next()
			}
		}
	}
	return true, wrap(w, err)
}
