package config

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
)

// unicast is an address that one machine may have.
func (f family) unicast() codec[netip.Addr] {
	c := f.address()
	c.Range = "a unicast " + f.name + " address"
	return scalar(c.Type, func(s string) (netip.Addr, error) {
		a, ok := f.parse(s)
		if !ok || !isUnicast(a) {
			return netip.Addr{}, fmt.Errorf("expected %s", c.Range)
		}
		return a, nil
	}, func(a netip.Addr) string {
		if !a.IsValid() {
			return ""
		}
		return a.String()
	})
}

func isUnicast(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// span is FortiOS's "a" or "a-b", of unicast addresses.
func (f family) span() codec[IPRange] {
	t := Type{
		Name:  f.name + " address or range",
		Range: fmt.Sprintf("a unicast %s address or a range of them, such as %s", f.name, f.example),
	}
	return scalar(t, func(s string) (IPRange, error) {
		r, ok := f.parseSpan(s)
		if !ok || !isUnicast(r.Start) || !isUnicast(r.End) {
			return IPRange{}, fmt.Errorf("expected %s", t.Range)
		}
		return r, r.problem()
	}, IPRange.String)
}

// spans is a list of span; as in FortiOS one string may hold several.
func (f family) spans() codec[[]IPRange] {
	c := list(f.span())
	c.Name, c.Spaced = "list of "+f.name+" addresses and ranges", true
	return c
}

// sources is FortiOS's list of "a/n", "a-b" or "a".
func (f family) sources() codec[[]IPRange] {
	t := Type{
		Name:  f.name + " prefix, address or range",
		Range: fmt.Sprintf("an %s prefix, a range or an address, such as %s or %s", f.name, f.network, f.example),
	}
	c := list(scalar(t, func(s string) (IPRange, error) {
		if p, ok := f.parsePrefix(s); ok {
			return IPRange{p.Masked().Addr(), lastOf(p)}, nil
		}
		r, ok := f.parseSpan(s)
		if !ok {
			return IPRange{}, fmt.Errorf("expected %s", t.Range)
		}
		return r, r.problem()
	}, IPRange.orPrefix))
	c.Name, c.Spaced = "list of "+f.name+" prefixes, addresses and ranges", true
	return c
}

func (f family) parseSpan(s string) (r IPRange, ok bool) {
	first, last, two := strings.Cut(s, "-")
	if !two {
		last = first
	}
	var good bool
	r.Start, ok = f.parse(first)
	r.End, good = f.parse(last)
	return r, ok && good
}

// problem says why a range is none.
func (r IPRange) problem() error {
	if r.End.Less(r.Start) {
		return errors.New("expected a range that does not end before it starts")
	}
	return nil
}

// IsSet tells a range from the zero value.
func (r IPRange) IsSet() bool { return r.Start.IsValid() && r.End.IsValid() }

// Contains says whether an address is in the range.
func (r IPRange) Contains(a netip.Addr) bool {
	return r.IsSet() && !a.Less(r.Start) && !r.End.Less(a) && a.BitLen() == r.Start.BitLen()
}

// Overlaps says whether an address is in both ranges.
func (r IPRange) Overlaps(o IPRange) bool {
	return r.IsSet() && o.IsSet() && !r.End.Less(o.Start) && !o.End.Less(r.Start) && r.Start.BitLen() == o.Start.BitLen()
}

// Len is how many addresses there are in the range, as a big number: a range
// of IPv6 may hold more than fit a word.
func (r IPRange) Len() *big.Int {
	if !r.IsSet() {
		return new(big.Int)
	}
	first, last := new(big.Int).SetBytes(r.Start.AsSlice()), new(big.Int).SetBytes(r.End.AsSlice())
	return last.Add(last.Sub(last, first), big.NewInt(1))
}

// String is the range as FortiOS writes it, "" for the zero value.
func (r IPRange) String() string {
	switch {
	case !r.IsSet():
		return ""
	case r.Start == r.End:
		return r.Start.String()
	}
	return r.Start.String() + "-" + r.End.String()
}

// orPrefix is String, but a prefix where the range is one.
func (r IPRange) orPrefix() string {
	if r.IsSet() && r.Start != r.End {
		for n := range r.Start.BitLen() {
			if p := netip.PrefixFrom(r.Start, n); p.Masked() == p && lastOf(p) == r.End {
				return p.String()
			}
		}
	}
	return r.String()
}
