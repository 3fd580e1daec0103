module kubefence.example/go-dev

go 1.19
