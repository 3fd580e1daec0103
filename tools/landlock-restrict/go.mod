module kubefence/tools/landlock-restrict

go 1.26.0

tool github.com/landlock-lsm/go-landlock/cmd/landlock-restrict

require (
	github.com/landlock-lsm/go-landlock v0.11.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.77 // indirect
)
