package policy

import (
	"fmt"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy/fqdn"
)

// Central is the compiled central SNAT map. It is immutable.
//
// An entry asks of a flow what a policy does, so it is one: the table underneath is
// that of policies which are numbered by their places in the map.
type Central struct{ t *Table }

// CompileCentral builds the map of cfg. ifIndex gives the engine's index of an
// interface's name.
func CompileCentral(cfg *config.Config, ifIndex func(name string) (uint16, bool)) (*Central, error) {
	// What a flow is called does not matter here: no services, no names.
	c, err := newCompiler(&config.Config{
		Addresses: cfg.Addresses, Addresses6: cfg.Addresses6, AddrGroups: cfg.AddrGroups, AddrGroups6: cfg.AddrGroups6,
	}, ifIndex, func(string) uint32 { return 0 })
	if err != nil {
		return nil, err
	}
	for i, e := range cfg.CentralSNAT {
		p := &config.Policy{SrcIntf: e.SrcIntf, DstIntf: e.DstIntf}
		switch e.Type {
		case "ipv4":
			p.SrcAddr, p.DstAddr = e.OrigAddr, e.DstAddr
		case "ipv6":
			p.SrcAddr6, p.DstAddr6 = e.OrigAddr6, e.DstAddr6
		default:
			err = fmt.Errorf("type %q: ipv4 or ipv6 is expected", e.Type)
		}
		var services []service
		if err == nil {
			services, err = packCentral(e)
		}
		if err == nil {
			err = c.enter(p, e.Status, services, Policy{ID: uint32(i + 1)})
		}
		if err != nil {
			return nil, fmt.Errorf("firewall central-snat-map %d: %w", e.PolicyID, err)
		}
	}
	c.pairs.buckets(c.t)
	return &Central{c.t}, nil
}

// packCentral packs the protocol and the ports of an entry.
func packCentral(e *config.CentralSNAT) ([]service, error) {
	s := service{dstHi: 0xffff, srcHi: 0xffff, proto: e.Protocol, anyProto: e.Protocol == 0}
	if e.OrigPort == (config.PortSpan{}) && e.DstPort == (config.PortSpan{}) {
		return []service{s}, nil
	}
	switch e.Protocol {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
	default:
		return nil, fmt.Errorf("protocol %d: 6, 17 or 132 is expected, since there are ports", e.Protocol)
	}
	if e.OrigPort != (config.PortSpan{}) {
		s.srcLo, s.srcHi = e.OrigPort.Low, e.OrigPort.High
	}
	if e.DstPort != (config.PortSpan{}) {
		s.dstLo, s.dstHi = e.DstPort.Low, e.DstPort.High
	}
	return []service{s}, nil
}

// Follow has c ask b for the addresses of domain names.
func (c *Central) Follow(b *fqdn.Book) { c.t.Follow(b) }

// Lookup returns the first entry of the map, by its place in config.CentralSNAT,
// that is for the flow of key from interface in to interface out. key is the
// flow's original direction, its destination already translated.
func (c *Central) Lookup(in, out uint16, key *packet.Key) (rule int, ok bool) {
	m := c.t.Lookup(in, out, key, 0)
	return int(m.Policy.ID) - 1, m.Found
}
