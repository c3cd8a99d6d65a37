package control

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// field is something that a filter can ask for, in FortiOS's words.
type field struct {
	name  string // on the command line
	label string // where the filter is printed
	kind  kind
	// value is what a session has there, and whether it has any. Of an interface,
	// address and number the one that the kind tells is valid.
	value func(s *Session) (value, bool)
}

// kind is how the values of a field are written.
type kind uint8

const (
	kindNumber kind = iota
	kindAddress
	kindInterface
)

// value is a value of some field.
type value struct {
	number int64
	addr   netip.Addr
	name   string
}

func number[T uint8 | uint16 | uint32 | int | int64](n T) (value, bool) {
	return value{number: int64(n)}, true
}

func port(i Interface) (value, bool) { return value{name: i.Name, number: int64(i.Index)}, true }

// fields are in the order in which a filter is printed.
var fields = [...]field{
	{"sintf", "sintf", kindInterface, func(s *Session) (value, bool) { return port(s.Original.Port) }},
	{"dintf", "dintf", kindInterface, func(s *Session) (value, bool) { return port(s.Reply.Port) }},
	{"proto", "proto", kindNumber, func(s *Session) (value, bool) { return number(s.Proto) }},
	{"proto-state", "proto-state", kindNumber, func(s *Session) (value, bool) { return number(s.ProtoState) }},
	{"src", "source ip", kindAddress, func(s *Session) (value, bool) {
		return value{addr: s.Original.Src}, !s.Expectation || !s.Original.Src.IsUnspecified()
	}},
	{"nsrc", "NAT'd source ip", kindAddress, func(s *Session) (value, bool) {
		return value{addr: s.Original.Leaves.Src}, s.sourceTranslated()
	}},
	{"dst", "dest ip", kindAddress, func(s *Session) (value, bool) { return value{addr: s.Original.Dst}, true }},
	{"sport", "source port", kindNumber, func(s *Session) (value, bool) {
		return value{number: int64(s.Original.SrcPort)}, s.Original.SrcPort != 0 || !s.Expectation
	}},
	{"nport", "NAT'd source port", kindNumber, func(s *Session) (value, bool) {
		return value{number: int64(s.Original.Leaves.SrcPort)}, s.sourceTranslated()
	}},
	{"dport", "dest port", kindNumber, func(s *Session) (value, bool) { return number(s.Original.DstPort) }},
	{"policy", "policy id", kindNumber, func(s *Session) (value, bool) { return number(s.Policy) }},
	{"duration", "duration", kindNumber, func(s *Session) (value, bool) { return number(s.Duration) }},
	{"expire", "expire", kindNumber, func(s *Session) (value, bool) { return value{number: s.Expire}, !s.Never }},
}

// fieldIndex finds a field by its name.
func fieldIndex(name string) (int, bool) {
	for i := range fields {
		if fields[i].name == name {
			return i, true
		}
	}
	return 0, false
}

// FieldNames are the words that a filter understands.
func FieldNames() []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return names
}

// span is a range of values of one field, both ends included.
type span struct{ from, to value }

// parseSpan reads one or two words as a range of the field's values. One may be
// "1-9", or a prefix of addresses.
func (f *field) parseSpan(words []string) (sp span, err error) {
	from, to := words[0], words[len(words)-1]
	switch f.kind {
	case kindInterface:
		if len(words) > 1 {
			return sp, fmt.Errorf("filter %s: %q: expected one interface", f.name, strings.Join(words, " "))
		}
		sp.from.name = from
		sp.to = sp.from
		return sp, nil
	case kindAddress:
		if prefix, err := netip.ParsePrefix(from); err == nil && len(words) == 1 {
			return spanOf(prefix), nil
		}
	}
	if len(words) == 1 {
		if a, b, ok := strings.Cut(from, "-"); ok {
			from, to = a, b
		}
	}
	if sp.from, err = f.parse(from); err != nil {
		return sp, err
	}
	if sp.to, err = f.parse(to); err != nil {
		return sp, err
	}
	if sp.to.number < sp.from.number || sp.to.addr.Less(sp.from.addr) || sp.to.addr.BitLen() != sp.from.addr.BitLen() {
		return sp, fmt.Errorf("filter %s: range %s to %s: expected the lower end first", f.name, from, to)
	}
	return sp, nil
}

func (f *field) parse(word string) (v value, err error) {
	if f.kind == kindAddress {
		if v.addr, err = netip.ParseAddr(word); err != nil {
			return v, fmt.Errorf("filter %s: %q: expected an address", f.name, word)
		}
		return v, nil
	}
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		return v, fmt.Errorf("filter %s: %q: expected a number", f.name, word)
	}
	v.number = int64(n)
	return v, nil
}

// spanOf is the range of all addresses in p.
func spanOf(p netip.Prefix) (sp span) {
	p = p.Masked()
	sp.from.addr = p.Addr()
	last := p.Addr().AsSlice()
	for i := p.Bits(); i < len(last)*8; i++ {
		last[i/8] |= 1 << (7 - i%8)
	}
	sp.to.addr, _ = netip.AddrFromSlice(last)
	return sp
}

// covers says whether v is in the range.
func (f *field) covers(sp *span, v *value) bool {
	switch f.kind {
	case kindAddress:
		return v.addr.BitLen() == sp.from.addr.BitLen() && v.addr.Compare(sp.from.addr) >= 0 && v.addr.Compare(sp.to.addr) <= 0
	case kindInterface:
		return v.name == sp.from.name
	}
	return v.number >= sp.from.number && v.number <= sp.to.number
}

// words are the range as parseSpan reads it.
func (f *field) words(sp *span) []string {
	switch f.kind {
	case kindInterface:
		return []string{sp.from.name}
	case kindAddress:
		return []string{sp.from.addr.String(), sp.to.addr.String()}
	}
	return []string{strconv.FormatInt(sp.from.number, 10), strconv.FormatInt(sp.to.number, 10)}
}
