package policy

import (
	"fmt"

	"portcullis/config"
	"portcullis/packet"
)

// service is one packed entry of a service: a protocol and two port ranges. An
// ICMP entry keeps the message type where ports have their destination, as
// packet.Key does.
type service struct {
	dstLo, dstHi uint16
	srcLo, srcHi uint16
	name         uint32 // the engine's number of the custom service's name
	proto        uint8
	anyProto     bool
	wide         bool // holds a whole protocol: no name for a single flow
	_            uint8
}

// matches says whether the entry holds the flow of key.
func (s *service) matches(key *packet.Key) bool {
	return (s.proto == key.Proto || s.anyProto) &&
		s.dstLo <= key.DstPort && key.DstPort <= s.dstHi &&
		s.srcLo <= key.SrcPort && key.SrcPort <= s.srcHi
}

// hasPorts says whether a flow of proto is told apart by more than addresses.
func hasPorts(proto uint8) bool {
	switch proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoICMPv6:
		return true
	}
	return false
}

// pack turns a configured service into entries. Its name has the number name.
func pack(s *config.Service, name uint32) ([]service, error) {
	switch s.Protocol {
	case "TCP/UDP/SCTP":
		out := packPorts(nil, packet.ProtoTCP, s.TCP, name)
		out = packPorts(out, packet.ProtoUDP, s.UDP, name)
		return packPorts(out, packet.ProtoSCTP, s.SCTP, name), nil
	case "ICMP":
		return packICMP(packet.ProtoICMP, s, name), nil
	case "ICMP6":
		return packICMP(packet.ProtoICMPv6, s, name), nil
	case "IP":
		e := service{dstHi: 0xffff, srcHi: 0xffff, name: name, proto: s.ProtocolNumber}
		e.anyProto = s.ProtocolNumber == 0
		e.wide = e.anyProto || hasPorts(e.proto)
		return []service{e}, nil
	}
	return nil, fmt.Errorf("firewall service custom %q: protocol %q: TCP/UDP/SCTP, ICMP, ICMP6 or IP is expected", s.Name, s.Protocol)
}

func packPorts(out []service, proto uint8, ranges []config.PortRange, name uint32) []service {
	for _, r := range ranges {
		e := service{dstLo: r.DstLow, dstHi: r.DstHigh, srcLo: r.SrcLow, srcHi: r.SrcHigh, name: name, proto: proto}
		e.wide = e.dstLo <= 1 && e.dstHi == 0xffff && e.srcLo <= 1 && e.srcHi == 0xffff
		out = append(out, e)
	}
	return out
}

// packICMP packs an ICMP service. A flow's key holds no code, and queries, the
// only messages that open a flow, have code 0: a service for another code can
// match none.
func packICMP(proto uint8, s *config.Service, name uint32) []service {
	if s.ICMPType >= 0 && s.ICMPCode > 0 {
		return nil
	}
	e := service{dstHi: 0xffff, srcHi: 0xffff, name: name, proto: proto, wide: true}
	if s.ICMPType >= 0 {
		e.dstLo, e.dstHi, e.wide = uint16(s.ICMPType), uint16(s.ICMPType), false
	}
	return []service{e}
}

// serviceBook resolves the names of services and service groups to entries.
type serviceBook struct {
	custom map[string][]service
	groups map[string]*config.ServiceGroup
	names  []service // of all custom services, in the order of the configuration
}

func newServiceBook(cfg *config.Config, svcID func(string) uint32) (*serviceBook, error) {
	b := &serviceBook{custom: make(map[string][]service), groups: make(map[string]*config.ServiceGroup)}
	for _, s := range cfg.Services {
		entries, err := pack(s, svcID(s.Name))
		if err != nil {
			return nil, err
		}
		b.custom[s.Name] = entries
		b.names = append(b.names, entries...)
	}
	for _, g := range cfg.ServiceGrps {
		b.groups[g.Name] = g
	}
	return b, nil
}

// list resolves the service list of a policy, in order and each service once.
func (b *serviceBook) list(names []string) ([]service, error) {
	var out []service
	seen := make(map[string]bool)
	var walk func(names []string) error
	walk = func(names []string) error {
		for _, name := range names {
			if seen[name] {
				continue // a group within itself ends here too
			}
			seen[name] = true
			if entries, ok := b.custom[name]; ok {
				out = append(out, entries...)
				continue
			}
			g, ok := b.groups[name]
			if !ok {
				return fmt.Errorf("service %q: no such service or group", name)
			}
			if err := walk(g.Member); err != nil {
				return fmt.Errorf("service group %q: %w", name, err)
			}
		}
		return nil
	}
	err := walk(names)
	return out, err
}
