package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

var interfaceTable = table(
	func(c *Config) *[]*Interface { return &c.Interfaces },
	Table{
		Path: "system.interface", Key: "name", Noun: "interface",
		Help:  "The network interfaces of the box.",
		check: checkInterfaces,
		Attributes: []*Attribute{
			attr(func(i *Interface) *string { return &i.Name }, linuxName("any"), Attribute{
				Name: "name", Required: true,
				Help: "The name by which policies and routes know the interface.",
			}),
			attr(func(i *Interface) *string { return &i.Device }, optional(linuxName()), Attribute{
				Name: "device", Extension: true,
				Help: "The Linux network device, where it is not called like the interface; each interface has its own.",
			}),
			attr(func(i *Interface) *netip.Prefix { return &i.IP }, ipv4.hostsOrNone(), Attribute{
				Name: "ip", Default: "0.0.0.0/0",
				Help: "The primary IPv4 address with the length of its subnet; 0.0.0.0/0 is none.",
			}),
			attr(func(i *Interface) *AllowAccess { return &i.AllowAccess }, allowAccess, Attribute{
				Name: "allowaccess",
				Help: "Which services of the box itself answer on the primary address.",
			}),
			attr(func(i *Interface) *bool { return &i.Status }, choice("up", "down"), Attribute{
				Name: "status", Default: "up",
				Help: "Whether the interface carries traffic.",
			}),
			attr(func(i *Interface) *bool { return &i.MTUOverride }, enable, Attribute{
				Name: "mtu-override", Default: "disable",
				Help: "Whether mtu replaces the MTU of the device.",
			}),
			attr(func(i *Interface) *int { return &i.MTU }, integer[int](68, 65535), Attribute{
				Name: "mtu", Default: "1500", Only: only("mtu-override", "enable"),
				Help: "The longest IP packet the interface sends, in bytes.",
			}),
			attr(func(i *Interface) *string { return &i.Alias }, text(25), Attribute{
				Name: "alias",
				Help: "A second name, for people.",
			}),
			attr(func(i *Interface) *string { return &i.Description }, text(255), Attribute{
				Name: "description",
				Help: "What the interface is for.",
			}),
			attr(func(i *Interface) *bool { return &i.Secondary }, enable, Attribute{
				Name: "secondary-IP", Default: "disable",
				Help: "Whether the interface has the addresses of secondaryip too.",
			}),
		},
		Tables: []*Table{secondaryIPTable, interfaceIPv6Table},
	})

var secondaryIPTable = table(
	func(i *Interface) *[]*SecondaryIP { return &i.SecondaryIP },
	Table{
		Path: "system.interface.secondaryip", Key: "id", Noun: "secondary address",
		Help: "Further IPv4 addresses of the interface.",
		Only: only("secondary-IP", "enable"),
		Attributes: []*Attribute{
			attr(func(s *SecondaryIP) *uint32 { return &s.ID }, integer[uint32](1, 4294967295), Attribute{
				Name: "id", Required: true,
				Help: "The number of the address.",
			}),
			attr(func(s *SecondaryIP) *netip.Prefix { return &s.IP }, ipv4.hosts(), Attribute{
				Name: "ip", Required: true,
				Help: "The address with the length of its subnet.",
			}),
			attr(func(s *SecondaryIP) *AllowAccess { return &s.AllowAccess }, allowAccess, Attribute{
				Name: "allowaccess",
				Help: "Which services of the box itself answer on this address.",
			}),
		},
	})

var interfaceIPv6Table = singleton(
	func(i *Interface) *InterfaceIPv6 { return &i.IPv6 },
	Table{
		Path: "system.interface.ipv6",
		Help: "The IPv6 side of the interface.",
		Attributes: []*Attribute{
			attr(func(i *InterfaceIPv6) *netip.Prefix { return &i.Address }, ipv6.hostsOrNone(), Attribute{
				Name: "ip6-address", Default: "::/0",
				Help: "The primary IPv6 address with the length of its subnet; ::/0 is none.",
			}),
			attr(func(i *InterfaceIPv6) *AllowAccess { return &i.AllowAccess }, allowAccess, Attribute{
				Name: "ip6-allowaccess",
				Help: "Which services of the box itself answer on the IPv6 addresses.",
			}),
		},
		Tables: []*Table{extraAddr6Table},
	})

var extraAddr6Table = table(
	func(i *InterfaceIPv6) *[]*ExtraAddr6 { return &i.ExtraAddrs },
	Table{
		Path: "system.interface.ipv6.ip6-extra-addr", Key: "prefix", Noun: "IPv6 address",
		Help: "Further IPv6 addresses of the interface.",
		Attributes: []*Attribute{
			attr(func(e *ExtraAddr6) *netip.Prefix { return &e.Prefix }, ipv6.hosts(), Attribute{
				Name: "prefix", Required: true,
				Help: "The address with the length of its subnet.",
			}),
		},
	})

// accessWords are FortiOS's services of the box itself.
var accessWords = []string{
	"ping", "https", "ssh", "snmp", "http", "telnet", "fgfm", "radius-acct",
	"probe-response", "fabric", "ftm", "speed-test",
}

// accessBits are those that this box offers so far.
var accessBits = []struct {
	word string
	bit  AllowAccess
}{
	{"ping", AccessPing},
}

// String lists the services as FortiOS writes them: "ping".
func (a AllowAccess) String() string {
	s := ""
	for _, w := range allowAccess.words(a) {
		s += " " + w
	}
	return s[min(1, len(s)):]
}

// allowAccess is a set. A service that FortiOS has and this box does not is an
// error of its own: to accept the word and not answer would be a lie.
var allowAccess = codec[AllowAccess]{
	Type: Type{Name: "list of options", Range: "ping", Words: []string{"ping"}, Many: true, Spaced: true},
	add: func(a *AllowAccess, word string) error {
		for _, b := range accessBits {
			if b.word == word {
				*a |= b.bit
				return nil
			}
		}
		if slices.Contains(accessWords, word) {
			return errors.New("not supported yet: expected ping")
		}
		return fmt.Errorf("expected ping%s", didYouMean(word, []string{"ping"}))
	},
	words: func(a AllowAccess) (words []string) {
		for _, b := range accessBits {
			if a&b.bit != 0 {
				words = append(words, b.word)
			}
		}
		return words
	},
}

// checkInterfaces looks at what interfaces may not share: devices and subnets.
func checkInterfaces(l *loader, _ *Table) {
	devices := make(map[string]*Interface)
	var seen []owned
	for _, i := range l.cfg.Interfaces {
		if d := i.LinuxName(); d != "" && l.sound(i, "name", "device") {
			if first := devices[d]; first != nil && first.Name != i.Name {
				l.refuse(i, "device", "interface %q has this device: expected one of its own", first.Name)
			} else {
				devices[d] = i
			}
		}
		for _, mine := range addressesOf(i) {
			if !l.sound(mine.entry, mine.attr) {
				continue
			}
			if other := clash(mine, seen); other != nil {
				l.refuse(mine.entry, mine.attr, "expected a subnet of its own: %s of interface %q overlaps",
					other.prefix, other.intf.Name)
			} else if repeated(mine, seen) {
				l.refuse(mine.entry, mine.attr, "the interface has this address already")
			}
			seen = append(seen, mine)
		}
	}
}

// LinuxName is the device the interface stands for.
func (i *Interface) LinuxName() string {
	if i.Device != "" {
		return i.Device
	}
	return i.Name
}

// owned is an address and where it was written.
type owned struct {
	intf   *Interface
	entry  any
	attr   string
	prefix netip.Prefix
}

func addressesOf(i *Interface) (all []owned) {
	if i.IP.IsValid() {
		all = append(all, owned{i, i, "ip", i.IP})
	}
	for _, s := range i.SecondaryIP {
		if s.IP.IsValid() {
			all = append(all, owned{i, s, "ip", s.IP})
		}
	}
	if i.IPv6.Address.IsValid() {
		all = append(all, owned{i, &i.IPv6, "ip6-address", i.IPv6.Address})
	}
	for _, e := range i.IPv6.ExtraAddrs {
		if e.Prefix.IsValid() {
			all = append(all, owned{i, e, "prefix", e.Prefix})
		}
	}
	return all
}

// clash finds an address of another interface in the same subnet. Link-local
// subnets are alike everywhere and so clash with nothing.
func clash(mine owned, seen []owned) *owned {
	if mine.prefix.Addr().IsLinkLocalUnicast() && mine.prefix.Addr().Is6() {
		return nil
	}
	for i := range seen {
		if o := &seen[i]; o.intf != mine.intf && o.prefix.Overlaps(mine.prefix) {
			return o
		}
	}
	return nil
}

func repeated(mine owned, seen []owned) bool {
	return slices.ContainsFunc(seen, func(o owned) bool {
		return o.intf == mine.intf && o.prefix.Addr() == mine.prefix.Addr()
	})
}
