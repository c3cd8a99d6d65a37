package config

// VIPNumbers numbers the virtual IPs of both families by their names: from 1, in
// the order of the configuration, those of firewall.vip before those of
// firewall.vip6. Everything compiled from one configuration calls a virtual IP by
// this number. Disabled ones have theirs too, so that a switch moves no other.
func (c *Config) VIPNumbers() (v4, v6 map[string]uint16) {
	v4, v6 = make(map[string]uint16, len(c.VIPs)), make(map[string]uint16, len(c.VIPs6))
	for i, v := range c.VIPs {
		v4[v.Name] = uint16(1 + i)
	}
	for i, v := range c.VIPs6 {
		v6[v.Name] = uint16(1 + len(c.VIPs) + i)
	}
	return v4, v6
}
