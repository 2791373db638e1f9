module crm

go 1.26
