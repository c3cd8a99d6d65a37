package config

// checkVIPUse refuses a virtual IP that is in force and that no policy names:
// without central NAT all that is sent to it would be dropped.
func (l *loader) checkVIPUse(t *Table, all []*VIP) {
	if l.cfg.Settings.CentralNAT || !l.sound(&l.cfg.Settings, "central-nat") {
		return
	}
	used, certain := l.destinations(t.six())
	if !certain {
		return
	}
	for _, v := range all {
		if v.Status && !used[v.Name] && l.sound(v, "name", "status") {
			l.complain(v, "", "no policy names it: expected its name, or that of a group it is in, in %s of a policy, or status disable", destinationOf(t))
		}
	}
}

func destinationOf(t *Table) string {
	if t.six() {
		return "dstaddr6"
	}
	return "dstaddr"
}

// destinations are the names that policies have as destinations of a family,
// with the members of groups. It is certain where no policy's list is wrong.
func (l *loader) destinations(six bool) (used map[string]bool, certain bool) {
	used, certain = make(map[string]bool), true
	groups, attribute := l.cfg.VIPGroups, "dstaddr"
	if six {
		groups, attribute = l.cfg.VIPGroups6, "dstaddr6"
	}
	for _, p := range l.cfg.Policies {
		list := p.DstAddr
		if six {
			list = p.DstAddr6
		}
		certain = certain && l.sound(p, attribute)
		for _, name := range list {
			used[name] = true
		}
	}
	for _, g := range groups {
		certain = certain && l.sound(g, "name", "member")
		if used[g.Name] {
			for _, m := range g.Member {
				used[m] = true
			}
		}
	}
	return used, certain
}

// virtual are the names that stand for virtual IPs, and for groups of such, in
// a policy's destinations of a family.
func (l *loader) virtual(six bool) map[string]bool {
	names, groups := make(map[string]bool), l.cfg.VIPGroups
	if six {
		groups = l.cfg.VIPGroups6
		for _, v := range l.cfg.VIPs6 {
			names[v.Name] = true
		}
	} else {
		for _, v := range l.cfg.VIPs {
			names[v.Name] = true
		}
	}
	for _, g := range groups {
		names[g.Name] = true
	}
	return names
}

// checkVIPGroups holds the members of a group to its interface.
func checkVIPGroups(l *loader, t *Table) {
	extintf := make(map[string]string)
	for _, v := range l.cfg.VIPs {
		extintf[v.Name] = v.ExtIntf
	}
	groups := l.cfg.VIPGroups
	if t.six() {
		groups = l.cfg.VIPGroups6
		clear(extintf)
		for _, v := range l.cfg.VIPs6 {
			extintf[v.Name] = v.ExtIntf
		}
	}
	for _, g := range groups {
		if g.Interface == "any" || !l.sound(g, "interface", "member") {
			continue
		}
		for i, m := range g.Member {
			if have, known := extintf[m]; known && have != g.Interface {
				s := l.spots[g]
				l.report(s.item("member", i), s.noun, "member %s: its extintf is %s: expected %s, the interface of the group", shorten(m), shorten(have), shorten(g.Interface))
			}
		}
	}
}
