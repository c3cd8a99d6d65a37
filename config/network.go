package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// family is IPv4 or IPv6: FortiOS has a table, or an attribute, for each.
type family struct {
	name    string
	bits    int
	none    netip.Addr // what FortiOS prints for an address that is not set
	network string     // examples for messages and the reference
	host    string
	example string // of a range
}

var (
	ipv4 = family{"IPv4", 32, netip.IPv4Unspecified(), "10.1.0.0/16", "10.1.0.1/16", "10.1.0.1-10.1.0.9"}
	ipv6 = family{"IPv6", 128, netip.IPv6Unspecified(), "2001:db8::/64", "2001:db8::1/64", "2001:db8::1-2001:db8::9"}
)

func (f family) parse(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.BitLen() == f.bits && a.Zone() == "" && !a.Is4In6()
}

// parsePrefix reads "10.1.0.1/24" and, for IPv4, FortiOS's "10.1.0.1
// 255.255.255.0".
func (f family) parsePrefix(s string) (netip.Prefix, bool) {
	left, right, ok := strings.Cut(s, "/")
	if !ok && f.bits == 32 {
		left, right, ok = strings.Cut(s, " ")
		right = maskLength(strings.TrimSpace(right))
	}
	a, valid := f.parse(left)
	if !ok || !valid || len(right) > 1 && right[0] == '0' {
		return netip.Prefix{}, false
	}
	n, err := strconv.ParseUint(right, 10, 8)
	if err != nil || int(n) > f.bits {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, int(n)), true
}

// maskLength turns "255.255.255.0" into "24"; a mask with a hole has no length.
func maskLength(mask string) string {
	a, ok := ipv4.parse(mask)
	if !ok {
		return ""
	}
	for n := range 33 {
		if netip.PrefixFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), n).Masked().Addr() == a {
			return strconv.Itoa(n)
		}
	}
	return ""
}

// subnets is the codec of a prefix of which only the network part counts: FortiOS masks the
// rest off without a word, and so do we.
func (f family) subnets() codec[netip.Prefix] {
	t := Type{Name: f.name + " prefix", Range: "an " + f.name + " prefix, such as " + f.network}
	return scalar(t, func(s string) (netip.Prefix, error) {
		p, ok := f.parsePrefix(s)
		if !ok {
			return p, fmt.Errorf("expected %s", t.Range)
		}
		return p.Masked(), nil
	}, netip.Prefix.String)
}

// hosts is the codec of an address with the length of its subnet, as an interface has it.
func (f family) hosts() codec[netip.Prefix] {
	t := Type{Name: f.name + " address/length", Range: "an " + f.name + " address with its length, such as " + f.host}
	return scalar(t, func(s string) (netip.Prefix, error) {
		p, ok := f.parsePrefix(s)
		if !ok {
			return p, fmt.Errorf("expected %s", t.Range)
		}
		return p, hostProblem(p)
	}, func(p netip.Prefix) string {
		if !p.IsValid() {
			return ""
		}
		return p.String()
	})
}

// hostsOrNone is hosts where FortiOS's 0.0.0.0/0 (or ::/0) stands for none.
func (f family) hostsOrNone() codec[netip.Prefix] {
	c, none := f.hosts(), netip.PrefixFrom(f.none, 0)
	return scalar(c.Type, func(s string) (p netip.Prefix, err error) {
		if q, ok := f.parsePrefix(s); !ok || q != none {
			err = c.add(&p, s)
		}
		return p, err
	}, func(p netip.Prefix) string {
		if !p.IsValid() {
			p = none
		}
		return p.String()
	})
}

// hostProblem says why a prefix cannot be the address of an interface.
func hostProblem(p netip.Prefix) error {
	a, network := p.Addr(), p.Masked().Addr()
	switch {
	case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || p.Bits() == 0:
		return fmt.Errorf("expected a unicast address with the length of its subnet")
	case p.Bits() >= a.BitLen()-1: // a single host, or a point-to-point pair
		return nil
	case a == network:
		return fmt.Errorf("expected a host address: this is the network itself")
	case a.Is4() && a == lastOf(p):
		return fmt.Errorf("expected a host address: this is the broadcast address")
	}
	return nil
}

// lastOf is the highest address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// address is one address.
func (f family) address() codec[netip.Addr] {
	t := Type{Name: f.name + " address", Range: "an " + f.name + " address"}
	return scalar(t, func(s string) (netip.Addr, error) {
		a, ok := f.parse(s)
		if !ok {
			return netip.Addr{}, fmt.Errorf("expected %s", t.Range)
		}
		return a, nil
	}, func(a netip.Addr) string {
		if !a.IsValid() {
			return ""
		}
		return a.String()
	})
}

// gateway is an address for which FortiOS's 0.0.0.0 (or ::) stands for none.
func (f family) gateway() codec[netip.Addr] {
	c := f.address()
	return scalar(c.Type, func(s string) (netip.Addr, error) {
		var a netip.Addr
		err := c.add(&a, s)
		if a == f.none {
			a = netip.Addr{}
		}
		return a, err
	}, func(a netip.Addr) string {
		if !a.IsValid() {
			a = f.none
		}
		return a.String()
	})
}

// portRanges is FortiOS's list of "<dst>[-<dst>][:<src>[-<src>]]".
func portRanges() codec[[]PortRange] {
	t := Type{Name: "port range", Range: "<low>[-<high>][:<source low>[-<source high>]], each 0-65535"}
	c := list(scalar(t, func(s string) (PortRange, error) {
		r, ok := parsePortRange(s)
		if !ok {
			return r, fmt.Errorf("expected %s", t.Range)
		}
		return r, nil
	}, PortRange.String))
	c.Spaced = true
	return c
}

func parsePortRange(s string) (r PortRange, ok bool) {
	dst, src, hasSrc := strings.Cut(s, ":")
	r.DstLow, r.DstHigh, ok = parsePorts(dst)
	r.SrcHigh = 65535
	if ok && hasSrc {
		r.SrcLow, r.SrcHigh, ok = parsePorts(src)
	}
	return r, ok
}

func parsePorts(s string) (low, high uint16, ok bool) {
	a, b, two := strings.Cut(s, "-")
	if !two {
		b = a
	}
	l, err1 := strconv.ParseUint(a, 10, 16)
	h, err2 := strconv.ParseUint(b, 10, 16)
	return uint16(l), uint16(h), err1 == nil && err2 == nil && l <= h
}

// String is the range as FortiOS writes it.
func (r PortRange) String() string {
	s := ports(r.DstLow, r.DstHigh)
	if r.SrcLow != 0 || r.SrcHigh != 65535 {
		s += ":" + ports(r.SrcLow, r.SrcHigh)
	}
	return s
}

func ports(low, high uint16) string {
	if low == high {
		return strconv.Itoa(int(low))
	}
	return fmt.Sprintf("%d-%d", low, high)
}
