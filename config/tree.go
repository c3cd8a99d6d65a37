package config

import "net/netip"

// Config is a whole configuration: the factory defaults with a file's delta
// applied. It names things; nothing in it is resolved against a machine. It is
// immutable once Load has returned it.
type Config struct {
	Global      Global           // system.global
	LogSetting  LogSetting       // log.setting
	Interfaces  []*Interface     // system.interface
	Helpers     []*SessionHelper // system.session-helper
	SessionTTL  SessionTTL       // system.session-ttl
	Static      []*StaticRoute   // router.static
	Static6     []*StaticRoute6  // router.static6
	Addresses   []*Address       // firewall.address
	Addresses6  []*Address6      // firewall.address6
	AddrGroups  []*AddrGroup     // firewall.addrgrp
	AddrGroups6 []*AddrGroup     // firewall.addrgrp6
	Services    []*Service       // firewall.service.custom
	ServiceGrps []*ServiceGroup  // firewall.service.group
	PerIP       []*PerIPShaper   // firewall.shaper.per-ip-shaper
	IPPools     []*IPPool        // firewall.ippool
	IPPools6    []*IPPool6       // firewall.ippool6
	VIPs        []*VIP           // firewall.vip
	VIPs6       []*VIP6          // firewall.vip6
	VIPGroups   []*VIPGroup      // firewall.vipgrp
	VIPGroups6  []*VIPGroup      // firewall.vipgrp6
	CentralSNAT []*CentralSNAT   // firewall.central-snat-map, in order of evaluation
	Policies    []*Policy        // firewall.policy, in order of evaluation
	Settings    Settings         // system.settings
}

// Global is [system.global].
type Global struct {
	AntiReplay      string // "strict", "loose" or "disable"
	CheckResetRange bool   // strict
	Hostname        string
	MaxSessions     uint32 // our extension: bound of the session table

	IPFragmentMemThresholds uint32 // megabytes
	IPFragmentTimeout       uint32 // seconds

	CheckProtocolHeader string // "loose" or "strict"
	ResetSessionlessTCP bool
	SNATRouteChange     bool

	TCPHalfOpenTimer  uint32 // seconds, as the others
	TCPHalfCloseTimer uint32
	TCPTimeWaitTimer  uint32
	TCPRSTTimer       uint32
	UDPIdleTimer      uint32
	UDPOneWayTimer    uint32 // our extension; 0: as UDPIdleTimer
}

// Settings is [system.settings].
type Settings struct {
	SessionDirty           string // firewall-session-dirty: "check-all", "check-new" or "check-policy-option"
	DenyTCPWithICMP        bool
	SCTPSessionWithoutInit bool
	TCPSessionWithoutSYN   bool

	AsymRoute      bool
	AsymRouteICMP  bool
	AsymRoute6     bool
	AsymRoute6ICMP bool

	CentralNAT  bool
	SNATHairpin bool // snat-hairpin-traffic
}

// LogSetting is [log.setting].
type LogSetting struct {
	FwpolicyImplicitLog bool // log packets denied by the implicit deny
	LocalInDenyUnicast  bool // log unicast packets denied for the box itself
	HelperExpectation   bool // our extension: log what session helpers expect, and what becomes of it
	HelperDetach        bool // our extension: log helpers that let go of a session
}

// Interface is one [[system.interface]].
type Interface struct {
	Name        string
	Device      string // our extension: the Linux device; "" means Name
	Status      bool   // up
	IP          netip.Prefix
	Secondary   bool           // secondary-IP, FortiOS's switch for the table below
	SecondaryIP []*SecondaryIP // [[system.interface.secondaryip]]
	IPv6        InterfaceIPv6  // [system.interface.ipv6]
	AllowAccess AllowAccess
	MTUOverride bool
	MTU         int
	Alias       string
	Description string
}

// SecondaryIP is one [[system.interface.secondaryip]].
type SecondaryIP struct {
	ID          uint32
	IP          netip.Prefix
	AllowAccess AllowAccess
}

// InterfaceIPv6 is [system.interface.ipv6].
type InterfaceIPv6 struct {
	Address     netip.Prefix  // ip6-address
	ExtraAddrs  []*ExtraAddr6 // [[system.interface.ipv6.ip6-extra-addr]]
	AllowAccess AllowAccess   // ip6-allowaccess
}

// ExtraAddr6 is one [[system.interface.ipv6.ip6-extra-addr]].
type ExtraAddr6 struct{ Prefix netip.Prefix }

// AllowAccess is the set of the box's own services that an interface offers.
type AllowAccess uint16

// Services of AllowAccess.
const (
	AccessPing AllowAccess = 1 << iota
)

// SessionHelper is one [[system.session-helper]].
type SessionHelper struct {
	ID       uint32
	Name     string // one of HelperNames
	Protocol uint8
	Port     uint16

	// Our extensions, all of them.
	Status          bool     // enable
	SrcAddr         []string // addresses and groups whose control sessions the entry is for; none: all
	SrcAddr6        []string
	LooseAddr       []string // third hosts that may be announced
	LooseAddr6      []string
	DataPorts       []PortSpan // ports that children may come to; none: as the helper allows
	MaxExpectations uint32     // outstanding for one control session; 0: as the helper has it
	Lifetime        uint32     // seconds that an expectation waits; 0: as the helper has it
	TLSDataPorts    PortSpan   // zero: nothing is opened once the control session is encrypted
	TLSDataLimit    uint32     // sessions at a time through TLSDataPorts, for one control session
}

// Never is a session-ttl without an end.
const Never = 1<<32 - 1

// SessionTTL is [system.session-ttl].
type SessionTTL struct {
	Default uint32            // seconds, or Never
	Ports   []*SessionTTLPort // [[system.session-ttl.port]]
}

// SessionTTLPort is one [[system.session-ttl.port]].
type SessionTTLPort struct {
	ID               uint32
	Protocol         uint8
	StartPort        uint16
	EndPort          uint16
	Timeout          uint32 // seconds, or Never
	RefreshDirection string // "both", "outgoing" or "incoming"
}

// StaticRoute is one [[router.static]].
type StaticRoute struct {
	SeqNum    uint32
	Status    bool
	Dst       netip.Prefix // masked
	Gateway   netip.Addr   // invalid where unset
	Device    string       // an interface's name; "" only where Blackhole
	Distance  uint8
	Priority  uint32
	Blackhole bool
	Comment   string
}

// StaticRoute6 is one [[router.static6]].
type StaticRoute6 StaticRoute

// Address is one [[firewall.address]].
type Address struct {
	Name     string
	Type     string // "ipmask", "iprange" or "fqdn"
	Subnet   netip.Prefix
	StartIP  netip.Addr
	EndIP    netip.Addr
	FQDN     string // in lower case; "*." in front of a domain: every name below it
	CacheTTL uint32 // least seconds that an address of FQDN counts
	Comment  string
}

// Address6 is one [[firewall.address6]].
type Address6 struct {
	Name     string
	Type     string // "ipprefix", "iprange" or "fqdn"
	IP6      netip.Prefix
	StartIP  netip.Addr
	EndIP    netip.Addr
	FQDN     string // as of Address
	CacheTTL uint32
	Comment  string
}

// AddrGroup is one [[firewall.addrgrp]] or [[firewall.addrgrp6]].
type AddrGroup struct {
	Name          string
	Member        []string // addresses and groups
	Exclude       bool
	ExcludeMember []string
	Comment       string
}

// Service is one [[firewall.service.custom]].
type Service struct {
	Name           string
	Protocol       string // "TCP/UDP/SCTP", "ICMP", "ICMP6" or "IP"
	TCP, UDP, SCTP []PortRange
	ProtocolNumber uint8 // for IP; 0 is any
	ICMPType       int   // -1 is any
	ICMPCode       int   // -1 is any

	TCPHalfOpenTimer  uint32 // seconds, as the others; 0 is that of system.global
	TCPHalfCloseTimer uint32
	TCPTimeWaitTimer  uint32
	TCPRSTTimer       uint32
	UDPIdleTimer      uint32
	SessionTTL        uint32 // seconds, or Never; 0 is that of the policy

	Helper  string // "auto", "disable", or one of HelperNames
	Comment string
}

// PortRange is one item of a portrange: "<dst>[-<dst>][:<src>[-<src>]]".
// Without a source part the source is 0-65535, so matching needs no special case.
type PortRange struct{ DstLow, DstHigh, SrcLow, SrcHigh uint16 }

// ServiceGroup is one [[firewall.service.group]].
type ServiceGroup struct {
	Name    string
	Member  []string
	Comment string
}

// PortSpan is a range of ports, both ends included. The zero value is unset.
type PortSpan struct{ Low, High uint16 }

// IPRange is a range of addresses of one family, both ends included. The zero
// value is unset.
type IPRange struct{ Start, End netip.Addr }

// IPPool is one [[firewall.ippool]].
type IPPool struct {
	Name                string
	Type                string // "overload", "one-to-one", "fixed-port-range" or "port-block-allocation"
	StartIP, EndIP      netip.Addr
	StartPort, EndPort  uint16
	SourceStartIP       netip.Addr // with fixed-port-range, as SourceEndIP and PortPerUser
	SourceEndIP         netip.Addr
	PortPerUser         uint32 // 0: as many as there are
	BlockSize           uint16 // with port-block-allocation, as the three below
	NumBlocksPerUser    uint32
	PBATimeout          uint32 // seconds
	PBAInterimLog       uint32 // seconds; 0: none
	PermitAnyHost       bool
	ARPReply            bool
	ARPIntf             string // "": the interfaces whose subnet holds the addresses
	AssociatedInterface string // "": any
	Comments            string
}

// IPPool6 is one [[firewall.ippool6]].
type IPPool6 struct {
	Name           string
	Type           string       // "overload" or "nptv6"
	StartIP, EndIP netip.Addr   // of overload
	InternalPrefix netip.Prefix // of nptv6, as ExternalPrefix
	ExternalPrefix netip.Prefix
	Comments       string
}

// VIP is one [[firewall.vip]].
type VIP struct {
	Name          string
	Status        bool
	Type          string // "static-nat" or "load-balance"
	ExtIP         IPRange
	ExtIntf       string    // an interface's name, or "any"
	MappedIP      []IPRange // of static-nat one, as long as ExtIP
	PortForward   bool
	Protocol      string // with PortForward: "tcp", "udp", "sctp" or "icmp"
	ExtPort       PortSpan
	MappedPort    PortSpan // as long as ExtPort
	PortMapping   string   // portmapping-type: "1-to-1"
	SrcFilter     []IPRange
	SrcIntfFilter []string
	Service       []string // none: all
	ARPReply      bool
	NATSourceVIP  bool
	Comment       string
}

// VIP6 is one [[firewall.vip6]].
type VIP6 VIP

// VIPGroup is one [[firewall.vipgrp]] or [[firewall.vipgrp6]].
type VIPGroup struct {
	Name      string
	Interface string // "any", or the one that its members have
	Member    []string
	Comments  string
}

// CentralSNAT is one [[firewall.central-snat-map]].
type CentralSNAT struct {
	PolicyID     uint32
	Status       bool
	Type         string // "ipv4" or "ipv6"
	SrcIntf      []string
	DstIntf      []string
	OrigAddr     []string // with ipv4, as DstAddr and NATIPPool
	DstAddr      []string
	OrigAddr6    []string // with ipv6, as DstAddr6 and NATIPPool6
	DstAddr6     []string
	Protocol     uint8    // 0: any
	OrigPort     PortSpan // of the source; zero: any, as the two below
	DstPort      PortSpan
	NATPort      PortSpan
	NAT          bool
	NATIPPool    []string // none: the address of the outgoing interface
	NATIPPool6   []string
	PortPreserve bool
	Comments     string
}

// PerIPShaper is one [[firewall.shaper.per-ip-shaper]]. A limit of 0 is none.
type PerIPShaper struct {
	Name        string
	Sessions    uint32 // max-concurrent-session
	TCPSessions uint32
	UDPSessions uint32
}

// Policy is one [[firewall.policy]].
type Policy struct {
	PolicyID       uint32
	Name           string
	Status         bool
	SrcIntf        []string // interface names, or "any"
	DstIntf        []string
	SrcAddr        []string
	DstAddr        []string
	SrcAddr6       []string
	DstAddr6       []string
	SrcAddrNegate  bool
	DstAddrNegate  bool
	SrcAddr6Negate bool
	DstAddr6Negate bool
	ServiceNegate  bool
	Accept         bool     // action: accept or deny
	Schedule       []string // FortiOS takes one name
	Service        []string
	NAT            bool
	IPPool         bool
	PoolName       []string // with IPPool
	PoolName6      []string
	FixedPort      bool
	PortPreserve   bool
	PermitAnyHost  bool
	PermitSTUNHost bool
	MatchVIP       bool
	MatchVIPOnly   bool
	SessionHelper  []string // our extension: nil is auto; "disable" alone, or names of helpers
	AntiReplay     bool
	SessionTTL     uint32 // seconds, or Never; 0 is that of the port
	LogTraffic     string // "all", "utm" or "disable"
	LogStart       bool   // logtraffic-start
	Comments       string
	SendDenyPacket bool
	TimeoutSendRST bool
	WithoutSYN     string // tcp-session-without-syn: "all", "data-only" or "disable"
	CheckNew       bool   // firewall-session-dirty check-new
	PerIPShaper    string // "" for none
}
