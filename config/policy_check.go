package config

import "slices"

// checkPolicyNAT looks at what translates the source.
func (l *loader) checkPolicyNAT(p *Policy) {
	if p.NAT && l.cfg.Settings.CentralNAT && l.sound(p, "nat") {
		l.refuse(p, "nat", "expected disable, since central-nat of system settings is enabled: firewall central-snat-map says what is translated")
	}
	if p.PermitAnyHost && p.PermitSTUNHost {
		l.refuse(p, "permit-stun-host", "expected permit-any-host or permit-stun-host, not both")
	}
}

// checkPolicyPools refuses pools of a family that the policy has nothing of, or
// of an interface that it does not lead to. associated has those, by pool.
func (l *loader) checkPolicyPools(p *Policy, v4, v6 bool, associated map[string]string) {
	if !p.NAT || !p.IPPool || !l.sound(p, "nat", "ippool", "poolname", "poolname6") {
		return
	}
	if len(p.PoolName)+len(p.PoolName6) == 0 {
		l.complain(p, "ippool", "missing pools: expected poolname or poolname6, since ippool is enabled")
	}
	if len(p.PoolName) > 0 && !v4 {
		l.complain(p, "poolname", "poolname: only with srcaddr and dstaddr")
	}
	if len(p.PoolName6) > 0 && !v6 {
		l.complain(p, "poolname6", "poolname6: only with srcaddr6 and dstaddr6")
	}
	l.checkAssociated(p, "poolname", p.PoolName, p.DstIntf, associated)
}

// associated has the associated-interface of every pool, by name.
func (l *loader) associated() map[string]string {
	all := make(map[string]string)
	for _, p := range l.cfg.IPPools {
		all[p.Name] = p.AssociatedInterface
	}
	return all
}

// checkAssociated refuses a pool of an interface that the entry does not lead
// to.
func (l *loader) checkAssociated(entry any, attribute string, pools, dstintf []string, associated map[string]string) {
	if slices.Contains(dstintf, "any") || !l.sound(entry, "dstintf", attribute) {
		return
	}
	for i, name := range pools {
		if out := associated[name]; out != "" && !slices.Contains(dstintf, out) {
			s := l.spots[entry]
			l.report(s.item(attribute, i), s.noun, "%s %s: expected its associated-interface %s in dstintf", attribute, shorten(name), shorten(out))
		}
	}
}

// checkPolicyVIPs looks at what the policy says of virtual IPs.
func (l *loader) checkPolicyVIPs(p *Policy, virtual, virtual6 map[string]bool) {
	named := l.checkPolicyVIP(p, "dstaddr", p.DstAddr, p.DstAddrNegate, virtual)
	named6 := l.checkPolicyVIP(p, "dstaddr6", p.DstAddr6, p.DstAddr6Negate, virtual6)
	if !p.MatchVIPOnly || named || named6 || l.cfg.Settings.CentralNAT ||
		!l.sound(p, "action", "match-vip", "match-vip-only", "dstaddr", "dstaddr6") || !l.sound(&l.cfg.Settings, "central-nat") {
		return
	}
	switch {
	case p.Accept:
		l.refuse(p, "match-vip-only", "expected a virtual IP in dstaddr: an accept policy matches no other traffic of virtual IPs")
	case !p.MatchVIP:
		l.refuse(p, "match-vip-only", "expected match-vip enable, or a virtual IP in dstaddr: nothing else matches")
	}
}

// checkPolicyVIP says whether one family's destinations name a virtual IP, and
// refuses those that may not.
func (l *loader) checkPolicyVIP(p *Policy, attribute string, list []string, negate bool, virtual map[string]bool) bool {
	i := slices.IndexFunc(list, func(name string) bool { return virtual[name] })
	if i < 0 || !l.sound(p, attribute) {
		return i >= 0
	}
	if l.cfg.Settings.CentralNAT {
		s := l.spots[p]
		l.report(s.item(attribute, i), s.noun, "%s %s: expected the address that it maps to, since central-nat of system settings is enabled", attribute, shorten(list[i]))
	}
	if negate {
		l.refuse(p, attribute+"-negate", "expected disable, since %s names virtual IP %s", attribute, shorten(list[i]))
	}
	return true
}

// checkPolicyHelper lets auto and disable stand alone only. The tree cannot
// tell auto beside a name from the name, so what was written is looked at.
func (l *loader) checkPolicyHelper(p *Policy) {
	const attribute = "session-helper"
	n := l.spots[p].node.table[attribute]
	if n == nil || n.array == nil || !l.sound(p, attribute) {
		return
	}
	if len(n.array) == 0 {
		l.complain(p, attribute, "%s []: expected auto, disable, or names of helpers", attribute)
	}
	for _, item := range n.array {
		if word, _ := item.value.(string); len(n.array) > 1 && slices.Contains(helperWords[:2], word) {
			l.report(item.place, l.spots[p].noun, "%s %q: expected to stand alone", attribute, word)
		}
	}
}
