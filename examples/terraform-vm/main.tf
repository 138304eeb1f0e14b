# One VM with InfiniBand: the stanza lies beside this file, in user-data.yaml.
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 3.0"
    }
  }
}

provider "azurerm" {
  features {}
}

variable "resource_group" {
  type = string
}

variable "location" {
  type = string
}

variable "image_id" {
  type = string
}

variable "subnet_id" {
  type = string
}

variable "ssh_public_key" {
  type = string
}

resource "azurerm_network_interface" "node" {
  name                          = "node0-nic"
  resource_group_name           = var.resource_group
  location                      = var.location
  enable_accelerated_networking = true

  ip_configuration {
    name                          = "ipconfig"
    subnet_id                     = var.subnet_id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_linux_virtual_machine" "node" {
  name                  = "node0"
  resource_group_name   = var.resource_group
  location              = var.location
  size                  = "Standard_HB176rs_v4"
  admin_username        = "azureuser"
  source_image_id       = var.image_id
  network_interface_ids = [azurerm_network_interface.node.id]
  custom_data           = filebase64("${path.module}/user-data.yaml")

  admin_ssh_key {
    username   = "azureuser"
    public_key = var.ssh_public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
  }
}
