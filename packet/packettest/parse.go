package packettest

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"portcullis/packet"
)

// parser reads the words of one line.
type parser struct {
	words []string
	l     line
}

func parse(text string) (*line, error) {
	words, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := parser{words: words, l: line{ttl: 64, tcp: tcpWords{win: 65535}}}
	if err := p.read(); err != nil {
		return nil, fmt.Errorf("%w, in %q", err, text)
	}
	return &p.l, nil
}

func (p *parser) read() error {
	if len(p.words) < 4 || p.words[2] != ">" {
		return fmt.Errorf("expected protocol, source, > and destination")
	}
	name, src, dst := p.words[0], p.words[1], p.words[3]
	if name == "arp" {
		p.l.arp = "request"
	} else {
		proto, ok := protocol(name)
		if !ok {
			return fmt.Errorf("%s: no such protocol", name)
		}
		p.l.proto, p.l.raw = proto, strings.HasPrefix(name, "ip-")
	}
	var err error
	if p.l.src, p.l.sport, err = endpoint(src); err != nil {
		return err
	}
	if p.l.dst, p.l.dport, err = endpoint(dst); err != nil {
		return err
	}
	if p.l.src.Is4() != p.l.dst.Is4() {
		return fmt.Errorf("expected addresses of one family")
	}
	p.words = p.words[4:]
	for len(p.words) > 0 {
		if err := p.word(p.next()); err != nil {
			return err
		}
	}
	if n := len(p.l.tcp.opts); n > 40 || n%4 != 0 {
		return fmt.Errorf("%d bytes of TCP options: expected a multiple of 4 up to 40", n)
	}
	return nil
}

func endpoint(s string) (netip.Addr, uint16, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, 0, nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.Addr{}, 0, fmt.Errorf("%s: expected an address, or address:port", s)
	}
	return ap.Addr(), ap.Port(), nil
}

// next takes the next word, "" where there is none.
func (p *parser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// word reads one word and what belongs to it.
func (p *parser) word(w string) error {
	if done, err := p.plain(w); done || err != nil {
		return err
	}
	switch p.l.proto {
	case protoTCP:
		if done, err := p.tcpWord(w); done || err != nil {
			return err
		}
	case packet.ProtoICMP, packet.ProtoICMPv6:
		if done, err := p.icmpWord(w); done || err != nil {
			return err
		}
	case protoSCTP:
		if done, err := p.sctpWord(w); done || err != nil {
			return err
		}
	case packet.ProtoGRE:
		if done, err := p.greWord(w); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: no such word for this protocol", w)
}

// plain reads the words that every protocol has.
func (p *parser) plain(w string) (done bool, err error) {
	l := &p.l
	switch w {
	case "ttl":
		err = p.number(&l.ttl)
	case "tos":
		err = p.number(&l.tos)
	case "ipid":
		err = p.number(&l.ipid)
	case "df":
		l.df = true
	case "frag":
		n, more := strings.CutSuffix(p.next(), "+")
		l.isFrag, l.more = true, more
		l.frag, err = strconv.Atoi(n)
	case "part":
		err = p.part()
	case "ipopt":
		l.ipopt, err = p.hex()
	case "ext":
		err = p.extension()
	case "vlan":
		var tag uint16
		err = p.number(&tag)
		l.vlans = append(l.vlans, tag)
	case "len":
		err = p.length()
	case "data":
		var s string
		s, err = strconv.Unquote(p.next())
		l.data = []byte(s)
	case "hex":
		l.data, err = p.hex()
	case "pptp":
		var m []byte
		m, err = pptpMessage(p.next())
		l.data = append(l.data, m...)
	case "nosum":
		l.nosum = true
	case "udplen":
		err = p.number(&l.udpLn)
	case "partial":
		l.partial = true
	case "checked":
		l.checked = true
	case "gso":
		err = p.number(&l.gso)
	case "request", "reply":
		l.arp = w
	default:
		return p.damage(w)
	}
	return true, wrap(w, err)
}

// damage reads the words that make a packet wrong.
func (p *parser) damage(w string) (done bool, err error) {
	l := &p.l
	switch w {
	case "badsum":
		l.badsum = true
	case "badipsum":
		l.badipsum = true
	case "cut":
		err = p.number(&l.cut)
	case "pad":
		err = p.number(&l.pad)
	case "ether":
		var b []byte
		if b, err = p.hex(); err == nil && len(b) == 2 {
			l.ether = uint16(b[0])<<8 | uint16(b[1])
		}
	case "poke":
		err = p.poke()
	default:
		return false, nil
	}
	return true, wrap(w, err)
}

func wrap(w string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", w, err)
	}
	return nil
}

// part reads "0-1480", or "1480-" up to the end.
func (p *parser) part() error {
	from, to, _ := strings.Cut(p.next(), "-")
	k := part{to: -1}
	var err error
	if k.from, err = strconv.Atoi(from); err == nil && to != "" {
		k.to, err = strconv.Atoi(to)
	}
	p.l.part = &k
	return err
}

func (p *parser) length() error {
	n, from := 0, 0
	if err := p.number(&n); err != nil {
		return err
	}
	if len(p.words) > 0 && p.words[0] == "from" {
		p.next()
		if err := p.number(&from); err != nil {
			return err
		}
	}
	p.l.data = make([]byte, n)
	for i := range p.l.data {
		p.l.data[i] = pattern(from + i)
	}
	return nil
}

// extension reads "60" or "60=0104…".
func (p *parser) extension() error {
	number, body, given := strings.Cut(p.next(), "=")
	n, err := strconv.ParseUint(number, 10, 8)
	if err != nil {
		return err
	}
	e := extension{number: uint8(n), body: make([]byte, 6)}
	if n == 0 || n == 60 {
		copy(e.body, []byte{1, 4}) // PadN
	}
	if given {
		e.body, err = hex.DecodeString(body)
	}
	p.l.ext = append(p.l.ext, e)
	return err
}

func (p *parser) poke() error {
	where, what, _ := strings.Cut(p.next(), "=")
	k := poke{}
	if base, off, ok := strings.Cut(where, "+"); ok {
		k.base, where = base, off
	}
	var err error
	if k.off, err = strconv.Atoi(where); err != nil {
		return err
	}
	k.b, err = hex.DecodeString(what)
	p.l.pokes = append(p.l.pokes, k)
	return err
}

func (p *parser) hex() ([]byte, error) { return hex.DecodeString(p.next()) }

// number reads the next word into *n, which bounds it.
func (p *parser) number(n any) error {
	w := p.next()
	v, err := strconv.ParseUint(w, 0, 32)
	if err != nil {
		return fmt.Errorf("%q: expected a number", w)
	}
	switch n := n.(type) {
	case *uint8:
		*n = uint8(v)
		return inRange(v, 1<<8)
	case *uint16:
		*n = uint16(v)
		return inRange(v, 1<<16)
	case *uint32:
		*n = uint32(v)
	case *int:
		*n = int(v)
		return inRange(v, 1<<17)
	}
	return nil
}

func inRange(v, bound uint64) error {
	if v >= bound {
		return fmt.Errorf("%d: expected less than %d", v, bound)
	}
	return nil
}
